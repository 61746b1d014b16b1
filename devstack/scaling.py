"""What breaks first when tenants and requests grow: a model, a simulation, and the tables of docs/SCALING.md.

Three kinds of numbers go in, each kept apart: what this repository measured (`MEASURED`, with the row of
docs/PERFORMANCE.md), what AWS publishes (`QUOTAS`, `PRICES`, with source and date), and what is assumed about how people
use the panel (`Assumptions`). What comes out follows from these and a seed, and from nothing else.
"""

import heapq
import math
import random
import re
import sys
import textwrap
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "SCALING.md"
MULTIPLES = (1, 10, 100, 1_000)
SEED = 20_261_130
WIDTH = 120  # of the page's text
SECTION = re.compile(r"(<!-- scaling: (?P<name>[a-z0-9]+) -->\n).*?(<!-- /scaling -->)", re.DOTALL)

GIB = 1024**3
HOUR = 3_600
HOURS_A_MONTH = 730
MILLION = 1_000_000


# ---------------------------------------------------------------- What was measured


@dataclass(frozen=True)
class Measured:
    """A number of docs/PERFORMANCE.md: the table by its first head, the row by its first cell, the column by its head."""

    table: str
    row: str
    column: str
    value: float


# The tenants of scale L, and how many times those of scale S that is.
L_TENANTS, L_OVER_S = 20_000, 20
# How the rows of a day are counted: "count(*) of 10000001 rows", into "94,000 groups".
JOB_ROWS, JOB_GROUPS = 10_000_001, 94_000


def _query(name: str, at_l: float, growth: float) -> tuple[Measured, Measured]:
    return (
        Measured("median, ms", name, "ours: full", at_l),
        Measured("ratio", f"{name}, full: L ÷ S", "measured", growth),
    )


# The whole answer's query at L in ms, and what it takes at L over what it takes at S.
QUERIES: Mapping[str, tuple[Measured, Measured]] = {
    name: _query(name, at_l, growth)
    for name, at_l, growth in (
        ("tenant/me", 0.27, 1.01),
        ("tenant/agents", 1.16, 1.11),
        ("tenant/integrations", 0.18, 0.77),
        ("tenant/usage 30d", 1.88, 1.08),
        ("tenant/incidents", 0.49, 1.14),
        ("internal/tenants", 1.35, 1.70),
        ("internal/tenants, search broadly", 2.34, 2.41),
        ("internal/tenants/{id}", 0.44, 1.00),
        ("internal/usage/overview 30d", 0.71, 1.21),
        ("internal/billing/overview 90d", 6.86, 8.16),
    )
}
ME_MS = Measured("warm", "/tenant/me, median, ms", "ours", 0.38)
ME_PROCESSOR_MS = Measured("warm", "/tenant/me, processor, ms", "ours", 0.20)
USAGE_MS = Measured("warm", "/tenant/usage, median, ms", "ours", 1.92)
USAGE_P95_MS = Measured("warm", "/tenant/usage, p95, ms", "ours", 2.89)
USAGE_PROCESSOR_MS = Measured("warm", "/tenant/usage, processor, ms", "ours", 1.68)
FIRST_ANSWER_MS = Measured("cold start, GET /tenant/me", "first answer, median, ms", "ours", 18.94)
JOB_FIRST_MS = Measured("job", "first run", "ms", 11_034)
JOB_RERUN_MS = Measured("job", "rerun", "ms", 10_286)
MEASURED: tuple[Measured, ...] = (
    *(one for pair in QUERIES.values() for one in pair),
    ME_MS, ME_PROCESSOR_MS, USAGE_MS, USAGE_P95_MS, USAGE_PROCESSOR_MS, FIRST_ANSWER_MS, JOB_FIRST_MS, JOB_RERUN_MS,
)  # fmt: skip


def query_ms(name: str, tenants: float) -> float:
    """What a query takes at so many tenants: a power law through S and L, which no query leaves downwards."""
    at_l, growth = QUERIES[name]
    exponent = max(0.0, math.log(growth.value) / math.log(L_OVER_S))
    return at_l.value * (tenants / L_TENANTS) ** exponent


# Computed from the column types of migrations/0002_usage.sql. A row of agent_requests: tuple header 24, three UUIDs 48,
# status 8, two integers 8, timestamp 8, line pointer 4; and its key, 48 by ADR 2.
RAW_ROW_BYTES = 24 + 48 + 8 + 8 + 8 + 4 + 48
# A row of tenant_usage_daily: header 24, two UUIDs 32, date and counts 24, sums and instants 32, a histogram of 20
# entries (15 to 30, says ADR 3) in two arrays 160, padding and line pointer 16; its covering key 84.
ROLLUP_ROW_BYTES = 24 + 32 + 24 + 32 + 160 + 16 + 84
HISTOGRAM_ENTRIES = 20
# PostgreSQL's entry of a hash aggregate: two UUIDs, a bucket, five sums, and its own head. An estimate.
HASH_ENTRY_BYTES = 200

# ---------------------------------------------------------------- What the repository sets

# The second is for what must not wait behind a request (MAX_CONNECTIONS in crates/data/src/database.rs).
CONNECTIONS_PER_INSTANCE = 2
STAGE_RPS = 500  # template.yaml, ThrottlingRateLimit
FUNCTION_MB = 512  # template.yaml, MemorySize
JOB_SECONDS = 900 - 10  # template.yaml, Timeout; less what the job keeps for itself (docs/OPERATIONS.md)
RUN_EVERY_SECONDS = 900  # template.yaml, QuarterHourly
RAW_RETENTION_DAYS = 400  # template.yaml, RawRetentionDays
TOKEN_MINUTES = 15  # template.yaml, IdTokenValidity
ANSWER_SECONDS = 300  # crates/auth-context/src/permissions.rs, TenantData
WORK_MEM_BYTES = 256 * 1024**2  # migrations/0007_aggregate_day.sql
POST_UNITS, USER_UNITS_PER_SECOND = 10, 10  # docs/API.md; template.yaml, UserLimitPerSecond


# ---------------------------------------------------------------- What AWS publishes


@dataclass(frozen=True)
class Quota:
    """A limit, and who can raise it."""

    value: float
    unit: str
    raise_by: str
    source: str


AWS = "https://docs.aws.amazon.com"
# As documented on 2026-11-30.
QUOTAS: Mapping[str, Quota] = {
    "gateway": Quota(
        10_000, "requests/s", "request to AWS", f"{AWS}/apigateway/latest/developerguide/limits.html"
    ),  # sa-east-1 is not among the regions that begin at 2,500
    "concurrency": Quota(
        1_000, "executions", "request to AWS", f"{AWS}/lambda/latest/dg/gettingstarted-limits.html"
    ),  # of the account in the region; a new account may have less
    "scaling": Quota(1_000, "new instances in 10 s", "fixed", f"{AWS}/lambda/latest/dg/scaling-behavior.html"),
    "cognito": Quota(120, "sign-ins and renewals/s", "purchase", f"{AWS}/cognito/latest/developerguide/quotas.html"),
    "slot": Quota(
        30_000, "ECPU/s", "fixed", f"{AWS}/AmazonElastiCache/latest/dg/RedisConfiguration.html"
    ),  # ECPU per slot on the primary; 90,000 with reads from replicas
    "clients": Quota(65_000, "clients", "fixed", f"{AWS}/AmazonElastiCache/latest/dg/RedisConfiguration.html"),
    "acu": Quota(
        256, "ACU", "fixed", f"{AWS}/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html"
    ),
    "connections": Quota(
        5_000, "connections", "own parameter group",
        f"{AWS}/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html",
    ),
    "volume": Quota(
        128 * 1024, "GiB", "engine version", f"{AWS}/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html"
    ),
    "partition": Quota(
        1_000, "write units/s", "fixed", f"{AWS}/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
    ),
}  # fmt: skip
# Aurora PostgreSQL's default max_connections by the cluster's maximum ACU; the page of "connections" above.
MAX_CONNECTIONS_BY_ACU = ((1, 189), (4, 823), (8, 1_669), (16, 3_360), (32, 5_000))
# A function of 1,769 MB has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MB_PER_VCPU = 1_769
# AWS doesn't say; a db.r6g.large has 2 vCPU for 16 GiB, which is 8 ACU of 2 GiB.
VCPU_PER_ACU, GIB_PER_ACU = 2 / 8, 2
LEAST_ACU = 2  # the least with Performance Insights: the page of "connections" above


@dataclass(frozen=True)
class Price:
    """List price in USD on demand, before tax, free tiers and discounts; first tier where there are several."""

    usd: float
    unit: str
    region: str
    source: str
    as_of: str


LISTS = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"
CACHE = (
    "https://github.com/aws-samples/amazon-elasticache-samples/blob/d44e1acf0081c89693bdb884e635479e5cfe56c8"
    "/tools/serverless-cost-calculator/elasticache_serverless_pricing.py"
)
AURORA = (
    "https://github.com/davelindo/aws-pricing-calculator-mcp/blob/15e95edc7dfa04a1b7d71cb184eeff65ebcb2fdf"
    "/src/services/amazon-aurora-postgresql.js"
)
HOME, OTHER = "sa-east-1", "us-east-1"
PRICES: Mapping[str, Price] = {
    "gateway": Price(4.25, "million requests", HOME, f"{LISTS}/AmazonApiGateway/current/sa-east-1", "2026-09-21"),
    "lambda requests": Price(0.20, "million requests", HOME, "benches/src/lambda/cost.rs", "2026-11-25"),
    "lambda time": Price(0.000_013_333_4, "GB-second", HOME, "benches/src/lambda/cost.rs", "2026-11-25"),
    "logs": Price(0.90, "GB taken in", HOME, f"{LISTS}/AmazonCloudWatch/current/sa-east-1", "2026-09-22"),
    "kept logs": Price(0.0408, "GB-month", HOME, f"{LISTS}/AmazonCloudWatch/current/sa-east-1", "2026-09-22"),
    "aurora storage": Price(0.19, "GB-month", HOME, AURORA, "2026-11-30"),
    "aurora i/o": Price(0.38, "million requests", HOME, AURORA, "2026-11-30"),
    "aurora storage, optimized": Price(0.4275, "GB-month", HOME, AURORA, "2026-11-30"),
    "db.r6g.large": Price(0.537, "hour", HOME, AURORA, "2026-11-30"),
    "db.r6g.large, there": Price(0.26, "hour", OTHER, AURORA, "2026-11-30"),
    "acu": Price(0.12, "ACU-hour", OTHER, "https://aws.amazon.com/rds/aurora/pricing/", "2025-10-28"),
    "acu, optimized": Price(0.16, "ACU-hour", OTHER, "https://aws.amazon.com/rds/aurora/pricing/", "2025-10-28"),
    # The source has it for a thousand million: https://aws.amazon.com/elasticache/pricing/ asks 0.0023 in us-east-1.
    "ecpu": Price(0.003_45, "million ECPU", HOME, CACHE, "2026-11-30"),
    "cache storage": Price(0.126, "GB-hour", HOME, CACHE, "2026-11-30"),
    "cognito": Price(0.015, "user and month", OTHER, "https://aws.amazon.com/cognito/pricing/", "2026-09-20"),
    "cognito, lite": Price(0.0055, "user and month", OTHER, "https://aws.amazon.com/cognito/pricing/", "2026-09-20"),
    "cognito quota": Price(
        20, "request/s and month", OTHER,
        "https://aws.amazon.com/about-aws/whats-new/2024/01/provisioned-capacity-api-limits-amazon-cognito/",
        "2024-01-25",
    ),
    "dynamodb write": Price(0.625, "million units", OTHER, f"{LISTS}/AmazonDynamoDB/current/us-east-1", "2026-09-11"),
    "cloudfront requests": Price(1.00, "million requests", OTHER, "https://aws.amazon.com/cloudfront/pricing/",
                                 "2026-11-30"),
    "cloudfront transfer": Price(0.085, "GB", OTHER, "https://aws.amazon.com/cloudfront/pricing/", "2026-11-30"),
    "waf": Price(0.60, "million requests", "everywhere", "https://aws.amazon.com/waf/pricing/", "2026-11-30"),
    "metric": Price(0.30, "metric and month", OTHER, "https://aws.amazon.com/cloudwatch/pricing/", "2026-11-30"),
    "trace": Price(5.00, "million traces", OTHER, "https://aws.amazon.com/xray/pricing/", "2026-11-30"),
}  # fmt: skip
COGNITO_FREE_USERS = 10_000  # Essentials and Lite; the page of the price


# ---------------------------------------------------------------- What is assumed


@dataclass(frozen=True)
class Assumptions:
    """How people use the panel, and what of AWS can't be measured here. None of it is measured."""

    tenants: int = field(default=200, metadata={"says": "tenants of the base case"})
    users: float = field(default=3, metadata={"says": "people of a tenant who open the panel on a working day"})
    monthly_users: float = field(default=4, metadata={"says": "people of a tenant who do so in a month"})
    requests: float = field(default=60, metadata={"says": "API requests of a person and day"})
    burst: int = field(default=5, metadata={"says": "requests that a page sends at once (the overview's five)"})
    peak_share: float = field(default=0.15, metadata={"says": "share of a day's requests in its busiest hour"})
    rush: float = field(default=3, metadata={"says": "the busiest minute over the mean of that hour"})
    minutes: float = field(default=60, metadata={"says": "minutes a day that a person has the panel open"})
    internal: float = field(default=1 / 400, metadata={"says": "people of the internal team a tenant, at least 4"})
    internal_requests: float = field(default=300, metadata={"says": "API requests of one of them and day"})
    raw_rows: float = field(default=500, metadata={"says": "agent requests of a tenant and day (10 million at L)"})
    commands: float = field(default=0.02, metadata={"says": "operational commands for each tenant and day"})
    round_trip_ms: float = field(default=1.0, metadata={"says": "ms between a function and a data store in its region"})
    start_ms: float = field(default=250, metadata={"says": "ms until Lambda has a process to initialise, ours apart"})
    keep_alive_s: float = field(default=300, metadata={"says": "seconds that Lambda keeps an idle instance"})
    spill: float = field(default=2.0, metadata={"says": "the job's time, once its groups no longer fit in work_mem"})
    answer_kb: float = field(default=4, metadata={"says": "kB of an answer, compressed on its way to the browser"})
    page_kb: float = field(default=500, metadata={"says": "kB of pages and scripts of a person and day"})
    log_kb: float = field(default=2.5, metadata={"says": "kB of log of a request: gateway's, Lambda's and our line"})
    metrics: int = field(default=150, metadata={"says": "metrics by route, status and function"})
    working_days: int = field(default=22, metadata={"says": "days a month with such use; raw rows come every day"})
    utilisation: float = field(default=0.6, metadata={"says": "of a database's processors used on purpose"})

    def of(self, multiple: float) -> "Load":
        """The load at this multiple of the base."""
        return Load(self, multiple)


# What share of a tenant's requests each route has; the internal team's likewise. Assumed, from what the pages ask for.
TENANT_MIX: Mapping[str, float] = {
    "tenant/me": 0.30, "tenant/usage 30d": 0.25, "tenant/agents": 0.20, "tenant/incidents": 0.15,
    "tenant/integrations": 0.10,
}  # fmt: skip
INTERNAL_MIX: Mapping[str, float] = {
    "internal/tenants": 0.35, "internal/tenants, search broadly": 0.15, "internal/tenants/{id}": 0.25,
    "internal/usage/overview 30d": 0.15, "internal/billing/overview 90d": 0.10,
}  # fmt: skip
# What a request costs the cache, taken as a unit for each command that a script calls and each kB that it moves.
ADMIT_ECPU = 5  # admit.lua: the time, and two limits read and written
FIND_ECPU = 4  # find.lua: the time, two versions, the answer
END_ECPU = 6 + 1  # end.lua: two versions, what is there, the answer, who makes it, who no longer; find.lua naming that


@dataclass(frozen=True)
class Load:
    """What a multiple of the base comes to. Everything here is arithmetic."""

    given: Assumptions
    multiple: float

    @property
    def tenants(self) -> float:
        return self.given.tenants * self.multiple

    @property
    def staff(self) -> float:
        return max(4.0, self.tenants * self.given.internal)

    @property
    def tenant_requests(self) -> float:
        """A day."""
        return self.tenants * self.given.users * self.given.requests

    @property
    def internal_requests(self) -> float:
        """A day."""
        return self.staff * self.given.internal_requests

    @property
    def requests(self) -> float:
        """A day."""
        return self.tenant_requests + self.internal_requests

    @property
    def peak_rps(self) -> float:
        """The mean of the busiest hour."""
        return self.requests * self.given.peak_share / HOUR

    @property
    def rush_rps(self) -> float:
        """The mean of the busiest minute."""
        return self.peak_rps * self.given.rush

    @property
    def sign_ins_rps(self) -> float:
        """What the busiest minute asks of Cognito: each person signs in once, and renews while the panel is open."""
        renewals = self.given.minutes / TOKEN_MINUTES
        people = self.tenants * self.given.users + self.staff
        return people * (1 + renewals) * self.given.peak_share / HOUR * self.given.rush

    @property
    def hit_ratio(self) -> float:
        """Of a tenant's answers that live for a while and are asked for at random: rate × life over one more than that.

        A tenant's answers are that tenant's alone, so more tenants change nothing.
        """
        rates = [
            self.given.users * self.given.requests * self.given.peak_share / HOUR * share
            for share in TENANT_MIX.values()
        ]
        return sum(
            share * expected_hits(rate, ANSWER_SECONDS) for share, rate in zip(TENANT_MIX.values(), rates, strict=True)
        )

    def _mean(self, of_tenants: float, of_staff: float) -> float:
        return (of_tenants * self.tenant_requests + of_staff * self.internal_requests) / self.requests

    @property
    def query_ms(self) -> float:
        """The database's time for a request that the cache doesn't answer, in the mean."""
        tenants = sum(share * query_ms(name, self.tenants) for name, share in TENANT_MIX.items())
        staff = sum(share * query_ms(name, self.tenants) for name, share in INTERNAL_MIX.items())
        return self._mean(tenants, staff)

    def service_ms(self, *, hit: bool) -> float:
        """A function's time for a request: processor at Lambda's share of one, waiting as measured, and the network.

        Of the routes that weren't measured as a whole, those with histograms count as usage, the others as /tenant/me.
        """
        slower = MB_PER_VCPU / FUNCTION_MB
        light = ME_PROCESSOR_MS.value * slower + ME_MS.value - ME_PROCESSOR_MS.value
        heavy = USAGE_PROCESSOR_MS.value * slower + USAGE_MS.value - USAGE_PROCESSOR_MS.value
        histograms = TENANT_MIX["tenant/usage 30d"] + TENANT_MIX["tenant/agents"]
        if hit:  # limits, and the answer
            return light + 2 * self.given.round_trip_ms
        # and the database, and the answer to be kept; what grows with the tenants is the query's
        grown = self.query_ms - Load(self.given, L_TENANTS / self.given.tenants).query_ms
        work = histograms * heavy + (1 - histograms) * light
        return work + max(0.0, grown) + 4 * self.given.round_trip_ms

    @property
    def mean_service_ms(self) -> float:
        return self.hit_ratio * self.service_ms(hit=True) + (1 - self.hit_ratio) * self.service_ms(hit=False)

    @property
    def executions(self) -> float:
        """How many requests are under way in the busiest minute, in 99 of 100 moments.

        Little's law gives the mean. Requests come in bursts of pages: the variance is that of Poisson times the burst.
        """
        mean = little(self.rush_rps, self.mean_service_ms / 1_000)
        return mean + 2.33 * math.sqrt(self.given.burst * mean)

    @property
    def cold_s(self) -> float:
        """What a request waits for longer where no instance is there: Lambda's part, which is assumed, and ours."""
        return (self.given.start_ms + FIRST_ANSWER_MS.value) / 1_000

    @property
    def deployed_executions(self) -> float:
        """How many instances start if the busiest minute finds none, as after a deployment: all who come until the first
        of them is there, in the mean."""
        return little(self.rush_rps, self.cold_s)

    @property
    def ecpu_per_request(self) -> float:
        return ADMIT_ECPU + FIND_ECPU + self.given.answer_kb + (1 - self.hit_ratio) * END_ECPU

    @property
    def query_cores(self) -> float:
        """Processors that the busiest minute's queries keep busy, all their time taken for processor time."""
        return little(self.rush_rps * (1 - self.hit_ratio), self.query_ms / 1_000)

    @property
    def raw_rows(self) -> float:
        """A day."""
        return self.tenants * self.given.raw_rows

    @property
    def rollup_rows(self) -> float:
        """A day."""
        return self.tenants * JOB_GROUPS / L_TENANTS

    @property
    def spills(self) -> bool:
        """Whether the job's groups outgrow what PostgreSQL gives to hashing: work_mem times two."""
        return self.rollup_rows * HISTOGRAM_ENTRIES * HASH_ENTRY_BYTES > 2 * WORK_MEM_BYTES

    def aggregation_s(self, measured: Measured) -> float:
        """How long a day takes, in proportion to its rows, and longer once it spills."""
        return measured.value / 1_000 * self.raw_rows / JOB_ROWS * (self.given.spill if self.spills else 1)

    @property
    def nightly_s(self) -> float:
        """The day before, which the quarter-hourly runs have been at already, and again the two before that."""
        return self.aggregation_s(JOB_FIRST_MS) + 2 * self.aggregation_s(JOB_RERUN_MS)

    @property
    def quarter_hourly_s(self) -> float:
        """The longest of them: today, nearly over."""
        return self.aggregation_s(JOB_FIRST_MS)

    @property
    def day_bytes(self) -> float:
        return self.raw_rows * RAW_ROW_BYTES

    @property
    def stored_bytes(self) -> float:
        """Once the first partitions are dropped, with rollups of as many days."""
        return (self.day_bytes + self.rollup_rows * ROLLUP_ROW_BYTES) * RAW_RETENTION_DAYS

    @property
    def acu(self) -> float:
        """Of one instance: what keeps in three quarters of its memory what is read again and again, today's raw rows and
        60 days of rollups, or what has the processors for a busiest minute beside the job's two."""
        working_set = self.day_bytes + 60 * self.rollup_rows * ROLLUP_ROW_BYTES
        memory = working_set / 0.75 / (GIB_PER_ACU * GIB)
        cores = self.query_cores + 2 * min(1.0, self.quarter_hourly_s / RUN_EVERY_SECONDS)
        return min(QUOTAS["acu"].value, max(LEAST_ACU, memory, cores / self.given.utilisation / VCPU_PER_ACU))

    @property
    def connections(self) -> float:
        """If every instance that the busiest minute needs has opened its second one, too; 10 are for jobs and people."""
        return self.executions * CONNECTIONS_PER_INSTANCE + 10

    @property
    def index_writes(self) -> float:
        """Write units a second for one status of `status-created_at-index`: a command enters, and leaves it."""
        a_second = self.tenants * self.given.commands * self.given.peak_share / HOUR * self.given.rush
        return 2 * a_second


def little(rate: float, time: float) -> float:
    """How many are in a system, from how many come in a second and how many seconds each stays."""
    return rate * time


def expected_hits(rate: float, lifetime: float) -> float:
    """The share of requests that find an answer that is kept for so long from when it was made."""
    return rate * lifetime / (1 + rate * lifetime)


def least_acu_for(connections: float) -> int | None:
    """The least maximum capacity whose default max_connections is enough; none is, above the last."""
    return next((acu for acu, most in MAX_CONNECTIONS_BY_ACU if connections <= most), None)


# ---------------------------------------------------------------- Simulation


@dataclass(frozen=True)
class Concurrency:
    """What a simulated stretch of time saw."""

    requests: int
    seconds: float
    busy_seconds: float  # how many were busy, integrated over time
    service_seconds: float  # how long each request was served, added up
    p99: int  # in the rush
    most: int
    pool: int  # instances alive at once, idle ones with them
    cold: int
    cold_in_10_s: int

    @property
    def mean(self) -> float:
        """How many were busy."""
        return self.busy_seconds / self.seconds

    @property
    def cold_share(self) -> float:
        return self.cold / self.requests


@dataclass(frozen=True)
class Stretch:
    """Some minutes of the busiest hour, one of them the rush, after some that don't count."""

    warm_up: float = 15
    before: float = 45
    rush: float = 60
    after: float = 15

    @classmethod
    def of(cls, load: Load) -> "Stretch":
        """The longer, up to most of an hour, the fewer requests there are."""
        return cls(before=min(3_000.0, max(45.0, 45_000 / load.peak_rps)))

    @property
    def rush_begins(self) -> float:
        return self.warm_up + self.before

    @property
    def rush_ends(self) -> float:
        return self.rush_begins + self.rush

    @property
    def ends(self) -> float:
        return self.rush_ends + self.after


def arrivals(load: Load, stretch: Stretch, chance: random.Random) -> Iterator[float]:
    """When pages are opened: Poisson, faster in the rush. Each sends its requests at once."""
    at = 0.0
    while True:
        rate = load.rush_rps if stretch.rush_begins <= at < stretch.rush_ends else load.peak_rps
        step = chance.expovariate(rate / load.given.burst)
        # Where the rate changes, begin anew: an exponential wait remembers nothing.
        change = next((edge for edge in (stretch.rush_begins, stretch.rush_ends) if at < edge < at + step), None)
        if change is not None:
            at = change
            continue
        at += step
        if at >= stretch.ends:
            return
        yield at


def simulate(load: Load, *, seed: int = SEED, stretch: Stretch | None = None, deployed: bool = False) -> Concurrency:
    """Discrete events: requests take an idle instance, the one last used, or start one; idle ones go after a while.

    It begins with what the formula says is needed. `deployed` replaces all instances when the rush begins. Nobody waits
    and nothing is refused: what this asks for is compared with what there is.
    """
    stretch = stretch or Stretch.of(load)
    chance = random.Random(seed)
    # How much times vary, from the measured median and 95th percentile, taken for log-normal.
    sigma = math.log(USAGE_P95_MS.value / USAGE_MS.value) / 1.645
    medians = {hit: load.service_ms(hit=hit) / 1_000 / math.exp(sigma**2 / 2) for hit in (True, False)}
    keep_alive, cold_s, hit_ratio = load.given.keep_alive_s, load.cold_s, load.hit_ratio

    busy: list[tuple[float, int]] = []  # when each is done, soonest first, and of which deployment it is
    idle: deque[float] = deque([0.0] * math.ceil(load.executions))  # since when, longest first
    at_level: dict[int, float] = {}  # seconds of the rush with so many busy
    starts: deque[float] = deque()
    counted = cold = most = pool = cold_in_10_s = deployment = 0
    busy_seconds = service_seconds = last = 0.0

    def pass_to(now: float) -> None:
        nonlocal busy_seconds, last
        level = len(busy)
        busy_seconds += level * (now - last)
        in_rush = min(now, stretch.rush_ends) - max(last, stretch.rush_begins)
        if in_rush > 0:
            at_level[level] = at_level.get(level, 0.0) + in_rush
        last = now

    def settle(now: float) -> None:
        while busy and busy[0][0] <= now:
            pass_to(busy[0][0])
            done, of = heapq.heappop(busy)
            if of == deployment:
                idle.append(done)
        while idle and now - idle[0] > keep_alive:
            idle.popleft()

    for now in arrivals(load, stretch, chance):
        settle(now)
        pass_to(now)
        if deployed and not deployment and now >= stretch.rush_begins:
            deployment = 1
            idle.clear()
        counts = now >= stretch.warm_up
        for _ in range(load.given.burst):
            time = math.exp(chance.gauss(0, sigma)) * medians[chance.random() < hit_ratio]
            if idle:
                idle.pop()
            else:
                time += cold_s
                if counts:
                    cold += 1
                    starts.append(now)
                    while starts[0] < now - 10:
                        starts.popleft()
                    cold_in_10_s = max(cold_in_10_s, len(starts))
            heapq.heappush(busy, (now + time, deployment))
            service_seconds += time
            counted += counts
        if counts:
            most = max(most, len(busy))
            pool = max(pool, len(busy) + len(idle))
    settle(max(busy, default=(last, 0))[0])
    return Concurrency(
        requests=counted, seconds=max(last, stretch.ends), busy_seconds=busy_seconds, service_seconds=service_seconds,
        p99=percentile(at_level, 0.99), most=most, pool=pool, cold=cold, cold_in_10_s=cold_in_10_s,
    )  # fmt: skip


def percentile(weights: Mapping[int, float], share: float) -> int:
    """The least level that is not exceeded for this share of the weight; 0 where there is none."""
    total, seen = sum(weights.values()), 0.0
    for level in sorted(weights):
        seen += weights[level]
        if seen >= share * total:
            return level
    return max(weights, default=0)


def simulated(multiple: int, *, deployed: bool = False) -> Concurrency:
    """The multiple as assumed; computed once, however it is asked for."""
    return _simulated(multiple, deployed)


@cache
def _simulated(multiple: int, deployed: bool) -> Concurrency:
    # What a deployment does is over when the first instances are there.
    stretch = Stretch(before=0, rush=15, after=0) if deployed else None
    return simulate(Assumptions().of(multiple), stretch=stretch, deployed=deployed)


# ---------------------------------------------------------------- Limits


@dataclass(frozen=True)
class Limit:
    """Something that can be used up: by whom it is set, how much of it a load takes, and how much there is."""

    name: str
    takes: Callable[[Load], float]
    most: float
    unit: str
    set_by: str

    def used(self, load: Load) -> float:
        return self.takes(load) / self.most


def _quota(name: str, key: str, takes: Callable[[Load], float]) -> Limit:
    quota = QUOTAS[key]
    return Limit(name, takes, quota.value, quota.unit, f"AWS; {quota.raise_by}")


LIMITS: Sequence[Limit] = (
    Limit("the stage's throttle", lambda load: load.rush_rps, STAGE_RPS, "requests/s",
          "ours; parameter `ThrottlingRateLimit`"),
    _quota("API Gateway, the account", "gateway", lambda load: load.rush_rps),
    _quota("Lambda, at once", "concurrency", lambda load: load.executions),
    _quota("Lambda's growth after a deployment in the busiest minute", "scaling", lambda load: load.deployed_executions),
    _quota("Cognito `UserAuthentication`", "cognito", lambda load: load.sign_ins_rps),
    _quota("the cache's one slot, `{painel}`", "slot", lambda load: load.rush_rps * load.ecpu_per_request),
    _quota("the cache's clients", "clients", lambda load: load.executions),
    _quota("Aurora's connections", "connections", lambda load: load.connections),
    _quota("Aurora's processors and memory", "acu", lambda load: load.acu),
    Limit("the nightly job", lambda load: load.nightly_s, JOB_SECONDS, "s", "AWS; fixed, 15 min an execution"),
    Limit("the last quarter-hourly run of a day", lambda load: load.quarter_hourly_s, JOB_SECONDS, "s",
          "AWS; fixed, 15 min an execution"),
    _quota("Aurora's volume", "volume", lambda load: load.stored_bytes / GIB),
    _quota("a status of the commands' index", "partition", lambda load: load.index_writes),
)  # fmt: skip


def breaks_at(limit: Limit, given: Assumptions, *, most: float = 1e7) -> float:
    """The multiple of the base at which a limit is used up, by bisection; infinite above `most`."""
    low, high = 0.0, most
    if limit.used(given.of(high)) < 1:
        return math.inf
    for _ in range(50):
        middle = (low + high) / 2
        if limit.used(given.of(middle)) < 1:
            low = middle
        else:
            high = middle
    return high


@cache
def in_order(given: Assumptions) -> tuple[tuple[float, Limit], ...]:
    """The limits, first the one that breaks first."""
    return tuple(sorted(((breaks_at(limit, given), limit) for limit in LIMITS), key=lambda pair: pair[0]))


# ---------------------------------------------------------------- Money


def costs(load: Load) -> dict[str, float]:
    """USD a month by component, at list prices. What isn't here is named in docs/SCALING.md."""
    given = load.given
    usd = {name: price.usd for name, price in PRICES.items()}
    requests = load.requests * given.working_days
    people = load.tenants * given.monthly_users + load.staff
    log_gb = requests * given.log_kb * 1_000 / GIB
    transfer_gb = (requests * given.answer_kb + people * given.page_kb * given.working_days) * 1_000 / GIB
    kept_gb = load.tenants * len(TENANT_MIX) * given.answer_kb * 1_000 / GIB
    busy_s = requests * math.ceil(load.mean_service_ms) / 1_000
    # X-Ray's own rule: the first of each second, and one in twenty of the others; ten hours a day somebody is there.
    traces = 0.05 * requests + min(0.95 * requests, 10 * HOUR * given.working_days)
    # A transaction writes the item, four index entries and two counters, at twice the units: three steps a command.
    commands = load.tenants * given.commands * 30
    return {
        "Cognito": max(0.0, people - COGNITO_FREE_USERS) * usd["cognito"],
        "Cognito, purchased requests/s": max(0.0, load.sign_ins_rps - QUOTAS["cognito"].value) * usd["cognito quota"],
        "API Gateway": requests / MILLION * usd["gateway"],
        "Lambda": requests / MILLION * usd["lambda requests"] + busy_s * FUNCTION_MB / 1_024 * usd["lambda time"],
        "Aurora, two instances": 2 * load.acu * HOURS_A_MONTH * usd["acu"],
        "Aurora, storage": load.stored_bytes / GIB * usd["aurora storage"],
        "Aurora, I/O": aurora_requests(load) / MILLION * usd["aurora i/o"],
        "ElastiCache": requests * load.ecpu_per_request / MILLION * usd["ecpu"]
        + max(0.1, kept_gb) * HOURS_A_MONTH * usd["cache storage"],
        "CloudWatch": log_gb * (usd["logs"] + 3 * usd["kept logs"]) + given.metrics * usd["metric"],
        "CloudFront": requests / MILLION * usd["cloudfront requests"] + transfer_gb * usd["cloudfront transfer"],
        "WAF": requests / MILLION * usd["waf"],
        "X-Ray": traces / MILLION * usd["trace"],
        "DynamoDB": commands * 3 * 7 * 2 / MILLION * usd["dynamodb write"],
    }


def aurora_requests(load: Load) -> float:
    """I/O requests a month: one for each raw row that arrives, and the pages of the two days that the nightly job reads
    again; today's are in memory. If each insert waits for the next, rows share one, and there are far fewer."""
    return 30 * (load.raw_rows + 2 * load.day_bytes / 8_192)


def cost_elsewhere(load: Load) -> float:
    """What of a month is priced in us-east-1 for want of a price at home: Aurora's instances make most of it."""
    there = ("Cognito", "Cognito, purchased requests/s", "Aurora, two instances", "CloudFront", "X-Ray", "DynamoDB")
    return sum(amount for name, amount in costs(load).items() if name in there)


# ---------------------------------------------------------------- Tables


def number(value: float) -> str:
    """For people: two or three digits that say something."""
    if math.isinf(value):
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 10 and value == round(value) else f"{value:.2g}" if value < 10 else f"{value:.0f}"


def percent(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def multiple_of(value: float) -> str:
    """A multiple of the base, to two digits: the model knows no more."""
    return "never" if math.isinf(value) else f"×{float(f'{value:.2g}'):,.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: int = 1) -> str:
    """A Markdown table, its columns from `right` on aligned to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def padded(row: Sequence[str]) -> list[str]:
        return [cell.rjust(widths[i]) if i >= right else cell.ljust(widths[i]) for i, cell in enumerate(row)]

    rule = ["-" * (w - 1) + ":" if i >= right else "-" * w for i, w in enumerate(widths)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (padded(head), rule, *map(padded, rows))) + "\n"


def _across(rows: Sequence[tuple[str, Callable[[Load], str]]]) -> str:
    """A table with a column for each multiple."""
    given = Assumptions()
    head = ["", *("base" if multiple == 1 else f"×{multiple:,}" for multiple in MULTIPLES)]
    return table(head, [[name, *(cell(given.of(multiple)) for multiple in MULTIPLES)] for name, cell in rows])


def answer() -> str:
    """The first paragraph."""
    given = Assumptions()
    first = [(at, limit) for at, limit in in_order(given) if at < MULTIPLES[-1]]
    broken = {
        multiple: [limit.name for _, limit in first if limit.used(given.of(multiple)) >= 1] for multiple in MULTIPLES[1:]
    }
    bill = {multiple: sum(costs(given.of(multiple)).values()) for multiple in MULTIPLES}
    nothing = [f"×{multiple:,}" for multiple in MULTIPLES[1:] if not broken[multiple]]
    said = (
        f"**At {' and '.join(nothing)} nothing breaks; what breaks on the way to ×{MULTIPLES[-1]:,} is, in this order: "
        + "; ".join(f"{limit.name}, at {multiple_of(at)}" for at, limit in first)
        + ".** "
    )
    next_at, following = next((at, limit) for at, limit in in_order(given) if at >= MULTIPLES[-1])
    most = given.of(MULTIPLES[-1])
    biggest = sorted(costs(most).items(), key=lambda item: -item[1])[:3]
    said += (
        f"Next would be {following.name} at {multiple_of(next_at)}. Lambda's concurrency and the database's connections are "
        f"not among them: {simulated(MULTIPLES[-1]).p99} executions at once serve {most.rush_rps:,.0f} requests a second. "
        f"A month costs some {bill[1]:,.0f} USD at the base and {bill[MULTIPLES[-1]]:,.0f} at ×{MULTIPLES[-1]:,}, "
        f"{bill[MULTIPLES[-1]] / most.tenants:.2f} a tenant, most of it for "
        + "; ".join(f"{name} ({amount:,.0f})" for name, amount in biggest)
        + "."
    )
    return textwrap.fill(said, WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def load_table() -> str:
    return _across([
        ("tenants", lambda load: number(load.tenants)),
        ("requests a day", lambda load: number(load.requests)),
        ("requests/s, busiest hour", lambda load: number(load.peak_rps)),
        ("requests/s, busiest minute", lambda load: number(load.rush_rps)),
        ("sign-ins and renewals/s, busiest minute", lambda load: number(load.sign_ins_rps)),
        ("agent requests a day (raw rows)", lambda load: number(load.raw_rows)),
        ("raw rows/s, busiest hour", lambda load: number(load.raw_rows * load.given.peak_share / HOUR)),
        ("operational commands a day", lambda load: number(load.tenants * load.given.commands)),
    ])  # fmt: skip


def concurrency_table() -> str:
    def seen(of: Callable[[Concurrency], str], *, deployed: bool = False) -> Callable[[Load], str]:
        return lambda load: of(simulated(int(load.multiple), deployed=deployed))

    return _across([
        ("a request's time in the function, ms", lambda load: number(load.mean_service_ms)),
        ("at once in the busiest minute: Little's law", lambda load: number(
            little(load.rush_rps, load.mean_service_ms / 1_000))),
        ("p99 by the formula", lambda load: number(load.executions)),
        ("p99 simulated", seen(lambda it: number(it.p99))),
        ("most simulated", seen(lambda it: number(it.most))),
        ("instances alive", seen(lambda it: number(it.pool))),
        ("requests simulated", seen(lambda it: number(it.requests))),
        ("of them cold", seen(lambda it: percent(it.cold_share))),
        ("cold within 10 s, at most", seen(lambda it: number(it.cold_in_10_s))),
        ("deployed in the busiest minute: cold within 10 s, by the formula",
         lambda load: number(load.deployed_executions)),
        ("the same simulated", seen(lambda it: number(it.cold_in_10_s), deployed=True)),
        ("at once then, at most", seen(lambda it: number(it.most), deployed=True)),
    ])  # fmt: skip


def limits_table(multiple: int) -> str:
    given = Assumptions()
    load = given.of(multiple)
    rows = [
        [limit.name, limit.set_by, f"{number(limit.takes(load))} {limit.unit}", number(limit.most),
         f"**{percent(limit.used(load))}**" if limit.used(load) >= 1 else percent(limit.used(load)), multiple_of(at)]
        for at, limit in sorted(in_order(given), key=lambda pair: -pair[1].used(load))
    ]  # fmt: skip
    return table(["limit", "set by; raised by", "takes", "of", "used", "used up at"], rows, right=2)


def database_table() -> str:
    def without_cache(load: Load) -> float:
        return load.query_cores / (1 - load.hit_ratio)

    return _across([
        ("answers from the cache", lambda load: percent(load.hit_ratio)),
        ("a query's time in the mean, ms", lambda load: f"{load.query_ms:.2f}"),
        ("processors, busiest minute", lambda load: number(load.query_cores)),
        ("the same without the cache", lambda load: number(without_cache(load))),
        ("connections, two for each execution at once", lambda load: number(load.connections)),
        ("the same for each instance alive", lambda load: number(
            simulated(int(load.multiple)).pool * CONNECTIONS_PER_INSTANCE + 10)),
        ("maximum ACU whose default allows for these", lambda load: str(
            least_acu_for(simulated(int(load.multiple)).pool * CONNECTIONS_PER_INSTANCE + 10) or "–")),
        ("ACU of an instance", lambda load: number(load.acu)),
        ("the cache's ECPU/s, busiest minute", lambda load: number(load.rush_rps * load.ecpu_per_request)),
    ])  # fmt: skip


def growth_table() -> str:
    given = Assumptions()
    sizes = [given.of(multiple) for multiple in MULTIPLES]
    rows = [[name, f"{growth.value:.2f}", *(f"{query_ms(name, load.tenants):.2f}" for load in sizes)]
            for name, (_, growth) in QUERIES.items()]  # fmt: skip
    head = ["ms, the whole answer", "L ÷ S, measured", *(f"{load.tenants:,.0f} tenants" for load in sizes)]
    return table(head, rows)


def aggregation_table() -> str:
    return _across([
        ("raw rows a day", lambda load: number(load.raw_rows)),
        ("groups (tenant × agent)", lambda load: number(load.rollup_rows)),
        ("they fit in work_mem", lambda load: "no" if load.spills else "yes"),
        ("nightly job, s", lambda load: number(load.nightly_s)),
        ("last quarter-hourly run, s", lambda load: number(load.quarter_hourly_s)),
        ("a day's raw rows, GiB", lambda load: number(load.day_bytes / GIB)),
        (f"stored after {RAW_RETENTION_DAYS} days, GiB", lambda load: number(load.stored_bytes / GIB)),
        ("of them rollups, which stay, GiB a year", lambda load: number(
            load.rollup_rows * ROLLUP_ROW_BYTES * 365 / GIB)),
    ])  # fmt: skip


def cost_table() -> str:
    given = Assumptions()
    by_multiple = [costs(given.of(multiple)) for multiple in MULTIPLES]
    elsewhere = [cost_elsewhere(given.of(multiple)) for multiple in MULTIPLES]
    ratio = PRICES["db.r6g.large"].usd / PRICES["db.r6g.large, there"].usd
    rows = [[name, *(number(month[name]) for month in by_multiple)]
            for name in sorted(by_multiple[-1], key=lambda name: -by_multiple[-1][name])]  # fmt: skip
    rows.append(["**together**", *(f"**{sum(month.values()):,.0f}**" for month in by_multiple)])
    rows.append(["a tenant", *(f"{sum(month.values()) / given.of(multiple).tenants:.2f}"
                               for multiple, month in zip(MULTIPLES, by_multiple, strict=True))])  # fmt: skip
    rows.append(["Cognito, were the user pool Lite", *(
        number(month["Cognito"] * PRICES["cognito, lite"].usd / PRICES["cognito"].usd) for month in by_multiple)])
    rows.append(["priced in us-east-1", *(number(amount) for amount in elsewhere)])
    rows.append([f"together, if ACU cost ×{ratio:.2f} here, as db.r6g.large does",
                 *(number(sum(month.values()) + (ratio - 1) * month["Aurora, two instances"]) for month in by_multiple)])
    return table(["USD a month", *("base" if m == 1 else f"×{m:,}" for m in MULTIPLES)], rows)


def optimized_table() -> str:
    """Aurora's two kinds of storage, where the dearer has no I/O to pay."""
    usd = {name: price.usd for name, price in PRICES.items()}

    def standard(load: Load) -> float:
        month = costs(load)
        return sum(amount for name, amount in month.items() if name.startswith("Aurora"))

    def optimized(load: Load) -> float:
        gb = load.stored_bytes / GIB
        return 2 * load.acu * HOURS_A_MONTH * usd["acu, optimized"] + gb * usd["aurora storage, optimized"]

    return _across([
        ("Aurora Standard, USD a month", lambda load: number(standard(load))),
        ("Aurora I/O-Optimized, USD a month", lambda load: number(optimized(load))),
        ("share of I/O in the first", lambda load: percent(costs(load)["Aurora, I/O"] / standard(load))),
    ])


# What is varied one at a time: how much more of it, and what that is called.
VARIATIONS: Sequence[tuple[str, dict[str, float]]] = (
    ("as assumed", {}),
    ("twice the requests of a person", {"requests": 2}),
    ("twice as sharp a minute", {"rush": 2}),
    ("half as sharp a minute", {"rush": 0.5}),
    ("people who stay four times as long", {"minutes": 4}),
    ("three times the network's round trips", {"round_trip_ms": 3}),
    ("cold starts of a second", {"start_ms": 4}),
    ("answers of 16 kB", {"answer_kb": 4}),
    ("ten times the agent requests", {"raw_rows": 10}),
)


def sensitivity_table() -> str:
    """Where the limits that matter are used up under other assumptions."""
    given = Assumptions()
    # What is reached within twice the last multiple.
    limits = [limit for at, limit in in_order(given) if at < 2 * MULTIPLES[-1]]
    rows = []
    for name, factors in VARIATIONS:
        varied = replace(given, **{key: getattr(given, key) * factor for key, factor in factors.items()})
        rows.append([name, *(multiple_of(breaks_at(limit, varied)) for limit in limits)])
    return table(["used up at", *(limit.name for limit in limits)], rows)


def assumptions_table() -> str:
    given = Assumptions()
    rows = [[it.metadata["says"], f"{getattr(given, it.name):,.4g}"] for it in given.__dataclass_fields__.values()]
    return table(["assumed", "value"], rows)


def measured_table() -> str:
    rows = [[it.table, it.row, it.column, f"{it.value:,g}"] for it in MEASURED]
    return table(["table of PERFORMANCE.md", "row", "column", "value"], rows, right=3)


def quotas_table() -> str:
    rows = [[f"{quota.value:,.0f} {quota.unit}", quota.raise_by, quota.source] for quota in QUOTAS.values()]
    return table(["quota", "raised by", "source, as of 2026-11-30"], rows, right=3)


def prices_table() -> str:
    rows = [[name, f"{price.usd:.10f}".rstrip("0").rstrip("."), price.unit, price.region, price.as_of, price.source]
            for name, price in PRICES.items()]  # fmt: skip
    return table(["price", "USD", "for a", "region", "read or published", "source"], rows, right=6)


SECTIONS: Mapping[str, Callable[[], str]] = {
    "answer": answer,
    "load": load_table,
    "x10": lambda: limits_table(10),
    "x100": lambda: limits_table(100),
    "x1000": lambda: limits_table(1_000),
    "concurrency": concurrency_table,
    "database": database_table,
    "growth": growth_table,
    "aggregation": aggregation_table,
    "cost": cost_table,
    "optimized": optimized_table,
    "sensitivity": sensitivity_table,
    "assumptions": assumptions_table,
    "measured": measured_table,
    "quotas": quotas_table,
    "prices": prices_table,
}


def filled_in(document: str) -> str:
    """The document with every section as it is computed now. A section that nobody knows is a mistake."""
    return SECTION.sub(lambda match: f"{match[1]}\n{SECTIONS[match['name']]()}\n{match[3]}", document)


def run(*, write: bool) -> None:
    """Prints the sections, or writes them into docs/SCALING.md."""
    if write:
        DOCUMENT.write_text(filled_in(DOCUMENT.read_text()))
        return
    for name, section in SECTIONS.items():
        sys.stdout.write(f"<!-- scaling: {name} -->\n\n{section()}\n<!-- /scaling -->\n\n")
