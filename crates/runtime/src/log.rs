//! The log: a JSON object a line, with what the spans around an event say beside what it says itself.

use std::fmt::Debug;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::metrics;

/// Writes each event as one line: `timestamp`, `level`, then the fields of its spans from the outermost in, then its own.
/// Of two of one name the inner one holds. All are on the top level, where queries, metrics and dimensions find them.
pub struct Lines<W> {
    out: Mutex<W>,
}

impl<W: Write> Lines<W> {
    /// To there.
    #[must_use]
    pub const fn new(out: W) -> Self {
        Self { out: Mutex::new(out) }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + Send + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        line.set("timestamp", Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true));
        line.set("level", event.metadata().level().as_str());
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                fields.0.iter().for_each(|(name, value)| line.set(name, value.clone()));
            }
        }
        event.record(&mut line);
        if let Ok(mut bytes) = serde_json::to_vec(&line) {
            bytes.push(b'\n');
            // In one piece, so that lines don't mix. Where the log can't be written, that can't be said either.
            let _ = self.out.lock().unwrap_or_else(PoisonError::into_inner).write_all(&bytes);
        }
    }
}

/// Names and values, in the order in which they were first told. There are few.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field.name(), format!("{value:?}"));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            match value {
                // What the metrics of this line are is JSON already.
                Value::String(json) if *name == metrics::FIELD => {
                    let directive = RawValue::from_string(json.clone()).map_err(S::Error::custom)?;
                    map.serialize_entry("_aws", &directive)?;
                }
                value => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines of what this says.
    fn lines(says: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let subscriber = tracing_subscriber::registry().with(Lines::new(written.clone()));
        tracing::subscriber::with_default(subscriber, says);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_says_what_its_spans_say_and_the_inner_one_holds() {
        let said = lines(|| {
            let invocation = tracing::info_span!("invocation", invocation = "i", trace_id = "own");
            let _inside = invocation.enter();
            tracing::warn!(count = 2, right = true, missing = None::<&str>, "outside");
            let command = tracing::info_span!(
                "command",
                trace_id = "cause",
                attempt = 0,
                status = tracing::field::Empty
            );
            let _within = command.enter();
            command.record("attempt", 1);
            tracing::error!(error = %"line\nbreak", "inside");
        });
        let ids =
            |line: &Value| (line["invocation"].clone(), line["trace_id"].clone(), line["attempt"].clone());
        assert_eq!(ids(&said[0]), (json!("i"), json!("own"), Value::Null));
        assert_eq!(ids(&said[1]), (json!("i"), json!("cause"), json!(1)));
        assert_eq!(
            (&said[0]["level"], &said[0]["message"], &said[0]["count"], &said[0]["right"]),
            (&json!("WARN"), &json!("outside"), &json!(2), &json!(true))
        );
        assert_eq!((said[0].get("missing"), said[1].get("status")), (None, None));
        assert_eq!(said[1]["error"], "line\nbreak");
        assert!(said[0]["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn a_directive_stands_where_the_embedded_format_has_it() {
        let said = lines(|| tracing::info!(emf = %r#"{"Timestamp":1}"#, Requests = 1, "request"));
        assert_eq!((&said[0]["_aws"], &said[0]["Requests"]), (&json!({"Timestamp": 1}), &json!(1)));
        assert_eq!(said[0].get("emf"), None);
    }
}
