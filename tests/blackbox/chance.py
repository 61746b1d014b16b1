"""Random requests that look for trouble: on the first and last instants of days, with times and names that break things."""

import datetime
import os
import random

from reference import DAY, PERIODS, UTC
from temporary import RawRequest

STATUSES = ["success"] * 12 + ["error"] * 3 + ["timeout", "SUCCESS", "success ", "sucesso", ""]
TIMES = [None, -1, -(2**31), 0, 0, 1, 2, 9, 10, 11, 600_000, 600_001, 2**31 - 1]
# Names that differ only in accents or case, sort apart from their bytes, or are what no agent is called.
NAMES = ["Águia", "aguia", "AGUIA", "água", "Zebra", "zé", "Éden", "ñandu", "Sem agente", "Sem Agente", "øre", "10 mil",
         "ﬁel", "Ação & Reação", "😀 alegre", "_", "~til", "a b", "a-b", "ab"]  # fmt: skip


def seed_of_run() -> int:
    """A new one each time, printed; SEED=… in the environment repeats one."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"SEED={seed}")
    return seed


def interesting_days(today: datetime.date) -> list[datetime.date]:
    """First and last day of every period, of the periods before and of those that trends compare; ends of months."""
    ages = {0, 1}
    for days in PERIODS.values():
        ages |= {days - 1, days, days + 1, 2 * days - 1, 2 * days, 2 * days + 1}
    found = {today - age * DAY for age in ages}
    for age in range(62):
        day = today - age * DAY
        if day.day == 1:
            found |= {day, day - DAY}
    return sorted(found)


class Chance:
    """Everything random comes from one seed."""

    def __init__(self, seed: int, today: datetime.date) -> None:
        self.random, self.today = random.Random(seed), today
        self.days = sorted({*interesting_days(today), *(today - self.random.randrange(185) * DAY for _ in range(12))})

    def instant(self, day: datetime.date) -> datetime.datetime:
        """Any instant of the day, often its very first or last."""
        time = self.random.choice([
            datetime.time(0, 0, 0, 0), datetime.time(23, 59, 59, 999_999), datetime.time(0, 0, 0, 1),
            *[datetime.time(self.random.randrange(24), self.random.randrange(60), 59, self.random.randrange(10**6))] * 5,
        ])  # fmt: skip
        return datetime.datetime.combine(day, time, UTC)

    def time(self) -> int | None:
        if self.random.random() < 0.25:
            return self.random.choice(TIMES)
        return min(int(self.random.lognormvariate(6, 1.5)), 600_000)

    def tokens(self) -> int | None:
        return self.random.choice([None, 0, self.random.randrange(4_000), self.random.randrange(2**31)])

    def request(self, tenant_id: str, agents: list[str], day: datetime.date) -> RawRequest:
        agent_id = self.random.choice([None, *agents, *agents[:2]])
        return (
            tenant_id, agent_id, self.random.choice(STATUSES), self.time(), self.tokens(), self.instant(day)
        )  # fmt: skip
