"""What the person at the terminal reads: steps with their durations, and failures with what to do."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

LOG_LINES = 20


class Failure(Exception):
    """Something the person can act on: shown without a stack trace, with the end of a log if there is one."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log


def say(text: str = "") -> None:
    """Prints to standard error: standard output is for results that other programs read."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Names a piece of work when it begins, and how long it took when it ends."""
    say(f"→ {title}")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say(f"  failed after {duration(started)}")
        raise
    say(f"  done in {duration(started)}")


def duration(started: float) -> str:
    """The time since a reading of the monotonic clock, for people."""
    seconds = time.monotonic() - started
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def show(failure: Failure) -> None:
    """Prints a failure, the end of its log and where the log is."""
    say(f"\n✗ {failure}")
    if failure.log is None or not failure.log.exists():
        return
    lines = failure.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    say(f"\n  The last lines of {failure.log}:")
    for line in lines:
        say(f"  │ {line}")


def run_logged(command: Sequence[str | Path], log: Path, *, cwd: Path, env: dict[str, str]) -> None:
    """Runs a command with its output in a log; raises Failure with the log's end if it fails."""
    with log.open("w") as output:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env
        )
    if result.returncode != 0:
        raise Failure(f"{Path(command[0]).name} ended with exit code {result.returncode}.", log)
