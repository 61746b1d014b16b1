"""Runs the deployed aggregation by hand, for days that are over or for what came since its last run."""

import datetime
import time

from devstack import emulator
from devstack.console import Failure, duration, say
from devstack.instance import Instance

# The function stops by itself before its deadline; asked for fewer days at once, it says more often how far it is.
DAYS_AT_ONCE = 10
DAY = datetime.timedelta(days=1)


def catch_up(instance: Instance, function: str) -> None:
    """Does what the schedule does every quarter of an hour."""
    emulator.invoke(instance, function, {"run": "quarter_hourly"})


def back_fill(instance: Instance, first: datetime.date, last: datetime.date) -> None:
    """Aggregates these days, oldest first, and prints a line a day; what is done stays done if it fails."""
    if first > last:
        raise Failure(f"{first} is after {last}.")
    if last > datetime.datetime.now(datetime.UTC).date():
        raise Failure(f"{last} is in the future (days are UTC days).")
    function = instance.stack()["functions"]["aggregate"]
    days = (last - first).days + 1
    started = time.monotonic()
    done = read = written = 0
    while first <= last:
        until = min(last, first + (DAYS_AT_ONCE - 1) * DAY)
        try:
            answer = emulator.invoke(instance, function, {"from": first.isoformat(), "to": until.isoformat()})
        except Failure as failure:
            raise Failure(str(failure)) from None  # its message says it all, without the log's end
        for day in answer["days"]:
            done += 1
            print(
                f"{day['date']}  {day['rows_read']:>9,} rows read  {day['rows_written']:>7,} written  "
                f"{day['duration_ms']:>6} ms  [{done}/{days}]",
                flush=True,
            )
        read += answer["rows_read"]
        written += answer["rows_written"]
        first = datetime.date.fromisoformat(answer["next"]["from"]) if answer["next"] else until + DAY
    say(f"Done in {duration(started)}: {read:,} rows read, {written:,} written.")
