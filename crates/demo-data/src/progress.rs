//! Says how far a load has come: a bar where somebody watches, a line now and then where it goes to a log.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Lines written to a log in all.
const LINES: u64 = 6;

/// Progress on standard error.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    unit: &'static str,
    rows_of: &'static str,
}

impl Progress {
    /// Of this many steps, each one of `unit`, that load rows of this kind.
    #[must_use]
    pub fn new(steps: u64, unit: &'static str, rows_of: &'static str) -> Self {
        let plain = !io::stderr().is_terminal();
        let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        let style = ProgressStyle::with_template("{bar:30} {pos:>3}/{len} {prefix}  {msg}  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(unit);
        Self { bar, plain, unit, rows_of }
    }

    /// Something begins that isn't counted in steps.
    pub fn says(&self, message: &'static str) {
        self.bar.set_message(message);
        self.line(message);
    }

    /// A step is done; `rows` are loaded by now.
    pub fn step(&self, rows: usize) {
        self.bar.set_message(format!("{rows} {}", self.rows_of));
        self.bar.inc(1);
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(1));
        if done % all.div_ceil(LINES) == 0 || done == all {
            self.line(&format!("{done} of {all} {}, {rows} {}", self.unit, self.rows_of));
        }
    }

    /// Nothing more to say.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, message: &str) {
        if self.plain {
            // Progress nobody can read is no reason to fail.
            let _ = writeln!(io::stderr(), "demo-data: {message}");
        }
    }
}
