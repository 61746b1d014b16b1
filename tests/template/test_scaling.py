"""The model of docs/SCALING.md: its identities hold, its numbers are where it says, and the page says what it computes."""

import math
import random
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devstack import scaling
from devstack.scaling import LIMITS, MEASURED, PRICES, QUOTAS, Assumptions, Stretch

ROOT = Path(__file__).resolve().parents[2]
PERFORMANCE = ROOT / "docs" / "PERFORMANCE.md"

multiples = st.floats(min_value=0.1, max_value=1e5)
rates = st.floats(min_value=1e-6, max_value=1e6)
few = settings(max_examples=25, deadline=None)
SHORT = Stretch(warm_up=5, before=20, rush=20, after=5)


def tables(text: str) -> list[list[list[str]]]:
    """The Markdown tables of a text: rows of cells, the head first."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                found[-1].append(cells)
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


# ---------------------------------------------------------------- The page


def test_the_page_says_what_is_computed(capsys):
    document = scaling.DOCUMENT.read_text()
    scaling.run(write=False)
    printed = [match.group(0) for match in scaling.SECTION.finditer(capsys.readouterr().out)]
    on_the_page = [match.group(0) for match in scaling.SECTION.finditer(document)]
    names = [match["name"] for match in scaling.SECTION.finditer(document)]
    assert sorted(names) == sorted(scaling.SECTIONS), "each section stands on the page once"
    assert sorted(on_the_page) == sorted(printed), "run `make scaling WRITE=1`"
    # Nothing that looks like a marker was overlooked.
    assert document.count("<!-- scaling") == document.count("<!-- /scaling") == len(names)


def test_writing_changes_the_sections_alone(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- scaling: assumptions -->\nold\n<!-- /scaling -->\nafter\n")
    monkeypatch.setattr(scaling, "DOCUMENT", page)
    scaling.run(write=True)
    written = page.read_text()
    assert written.startswith("before\n<!-- scaling: assumptions -->\n\n| assumed")
    assert written.endswith("\n<!-- /scaling -->\nafter\n")
    assert "old" not in written
    scaling.run(write=True)
    assert page.read_text() == written


def test_a_section_nobody_knows_is_a_mistake():
    with pytest.raises(KeyError):
        scaling.filled_in("<!-- scaling: nonsense -->\n<!-- /scaling -->\n")


# ---------------------------------------------------------------- What goes in


@pytest.mark.parametrize("measured", MEASURED, ids=lambda it: f"{it.row}, {it.column}")
def test_what_was_measured_is_in_the_other_page(measured):
    found = {
        row[table[0].index(measured.column)]
        for table in tables(PERFORMANCE.read_text())
        if table[0][0] == measured.table and measured.column in table[0]
        for row in table[1:]
        if row[0] == measured.row
    }
    assert len(found) == 1, "the row is there, and says one thing"
    assert float(found.pop().replace(",", "")) == measured.value


def test_the_size_of_what_was_measured():
    text = PERFORMANCE.read_text()
    assert f"count(*) of {scaling.JOB_ROWS} rows" in text
    assert f"{scaling.JOB_ROWS // 10**6} million rows into {scaling.JOB_GROUPS:,} groups" in text
    assert f"of 1,000 (S) and of {scaling.L_TENANTS:,} (L) companies" in text
    assert scaling.L_TENANTS == 1_000 * scaling.L_OVER_S


def test_what_the_template_sets(template):
    parameters = template["Parameters"]
    resources = {name: it["Properties"] for name, it in template["Resources"].items()}
    assert parameters["ThrottlingRateLimit"]["Default"] == scaling.STAGE_RPS
    assert parameters["RawRetentionDays"]["Default"] == scaling.RAW_RETENTION_DAYS
    assert parameters["UserLimitPerSecond"]["Default"] == scaling.USER_UNITS_PER_SECOND
    assert resources["TenantApi"]["MemorySize"] == resources["InternalApi"]["MemorySize"] == scaling.FUNCTION_MB
    assert resources["AggregateDailyMetrics"]["Timeout"] - 10 == scaling.JOB_SECONDS
    schedule = resources["AggregateDailyMetricsQuarterHourly"]["ScheduleExpression"]
    assert schedule == f"rate({scaling.RUN_EVERY_SECONDS // 60} minutes)"
    assert resources["UserPoolClient"]["IdTokenValidity"] == scaling.TOKEN_MINUTES
    # The bill has Essentials, which a pool gets that doesn't choose.
    assert "UserPoolTier" not in resources["UserPool"]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("crates/data/src/database.rs", f"MAX_CONNECTIONS: u32 = {scaling.CONNECTIONS_PER_INSTANCE};"),
        ("crates/auth-context/src/permissions.rs",
         f"Self::TenantData => Some(Duration::from_mins({scaling.ANSWER_SECONDS // 60}))"),
        ("crates/cache/src/lib.rs", 'PREFIX: &str = "{painel}:"'),
        ("migrations/0007_aggregate_day.sql", f"work_mem = '{scaling.WORK_MEM_BYTES // 1024**2}MB'"),
        ("docs/adr/0002-raw-requests-have-a-key.md", "about 48 bytes a row"),
        ("docs/adr/0003-histograms.md", "mostly 15 to 30"),
        ("benches/src/lambda/cost.rs", "from_parts(133_334, 0, 0, false, 10)"),
        ("benches/src/lambda/cost.rs", "from_parts(20, 0, 0, false, 2)"),
    ],
)  # fmt: skip
def test_what_the_code_sets(file, line):
    assert line in (ROOT / file).read_text()


def test_every_price_and_quota_has_a_source():
    for price in PRICES.values():
        assert price.usd > 0
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", price.as_of)
        assert price.region in {scaling.HOME, scaling.OTHER, "everywhere"}
        assert price.source.startswith("https://") or (ROOT / price.source).is_file()
    for quota in QUOTAS.values():
        assert quota.value > 0
        assert quota.source.startswith("https://docs.aws.amazon.com/")


def test_every_assumption_says_what_it_is():
    assert all(field.metadata["says"] for field in fields(Assumptions))
    for mix in (scaling.TENANT_MIX, scaling.INTERNAL_MIX):
        assert math.isclose(sum(mix.values()), 1)
        assert mix.keys() <= scaling.QUERIES.keys()


# ---------------------------------------------------------------- Arithmetic


@given(rates, rates)
def test_hits_are_a_share_that_grows_with_rate_and_life(rate, life):
    share = scaling.expected_hits(rate, life)
    assert 0 <= share <= 1
    assert scaling.expected_hits(rate * 2, life) >= share
    assert scaling.expected_hits(rate, life * 2) >= share


def test_hits_are_what_a_cache_does():
    """Random askers of one answer that lives for a minute, counted."""
    chance, rate, life = random.Random(7), 0.03, 60.0
    now = hits = 0
    expires = -1.0
    for _ in range(50_000):
        now += chance.expovariate(rate)
        if now < expires:
            hits += 1
        else:
            expires = now + life
    assert hits / 50_000 == pytest.approx(scaling.expected_hits(rate, life), abs=0.01)


@given(st.sampled_from(sorted(scaling.QUERIES)))
def test_a_query_takes_what_was_measured_at_both_sizes(name):
    at_l, growth = scaling.QUERIES[name]
    small = scaling.query_ms(name, scaling.L_TENANTS / scaling.L_OVER_S)
    assert scaling.query_ms(name, scaling.L_TENANTS) == pytest.approx(at_l.value)
    assert at_l.value / small == pytest.approx(max(1.0, growth.value))


@given(multiples, st.floats(min_value=1.01, max_value=100))
def test_more_tenants_never_take_less(multiple, more):
    less, greater = Assumptions().of(multiple), Assumptions().of(multiple * more)
    for limit in LIMITS:
        assert limit.used(greater) >= limit.used(less) * (1 - 1e-9), limit.name
    assert greater.hit_ratio == less.hit_ratio, "a tenant's answers are its own"
    before, after = scaling.costs(less), scaling.costs(greater)
    assert before.keys() == after.keys()
    assert all(after[name] >= before[name] * (1 - 1e-9) >= 0 for name in before)


@given(multiples)
def test_a_request_that_asks_the_database_takes_longer(multiple):
    load = Assumptions().of(multiple)
    assert 0 < load.service_ms(hit=True) < load.mean_service_ms < load.service_ms(hit=False)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda it: it.name)
def test_a_limit_is_used_up_where_it_is_said_to_be(limit):
    at = scaling.breaks_at(limit, Assumptions())
    assert limit.used(Assumptions().of(at)) == pytest.approx(1, rel=0.01) or limit.used(Assumptions().of(at)) >= 1
    assert limit.used(Assumptions().of(at * 0.99)) < 1


def test_what_never_breaks_is_said_so():
    nothing = scaling.Limit("nothing", lambda load: 0.0, 1, "", "nobody")
    assert scaling.breaks_at(nothing, Assumptions()) == math.inf
    assert scaling.multiple_of(math.inf) == "never"


@pytest.mark.parametrize("multiple", scaling.MULTIPLES)
def test_the_bill_adds_up(multiple):
    load = Assumptions().of(multiple)
    month = scaling.costs(load)
    table = tables(scaling.cost_table())[0]
    column = 1 + scaling.MULTIPLES.index(multiple)
    rows = {row[0]: float(row[column].strip("*").replace(",", "")) for row in table[1:]}
    total = sum(month.values())
    assert rows["**together**"] == pytest.approx(total, abs=0.5)
    assert sum(rows[name] for name in month) == pytest.approx(total, rel=0.01)
    assert rows["a tenant"] == pytest.approx(total / load.tenants, abs=0.005)
    assert 0 < scaling.cost_elsewhere(load) < total


def test_a_component_by_hand():
    """API Gateway: requests of a month, in millions, at its price."""
    given_, load = Assumptions(), Assumptions().of(100)
    people = 20_000 * given_.users * given_.requests + 20_000 * given_.internal * given_.internal_requests
    assert load.requests == people == 3_615_000
    assert scaling.costs(load)["API Gateway"] == pytest.approx(3.615 * 22 * 4.25)


def test_each_price_is_used_by_what_it_is_for(monkeypatch):
    """A price that goes up makes its component dearer, and nothing else."""
    dearer = {
        "gateway": "API Gateway", "lambda requests": "Lambda", "lambda time": "Lambda", "logs": "CloudWatch",
        "kept logs": "CloudWatch", "metric": "CloudWatch", "aurora storage": "Aurora, storage",
        "aurora i/o": "Aurora, I/O", "acu": "Aurora, two instances", "ecpu": "ElastiCache",
        "cache storage": "ElastiCache", "cognito": "Cognito", "cognito quota": "Cognito, purchased requests/s",
        "dynamodb write": "DynamoDB", "cloudfront requests": "CloudFront", "cloudfront transfer": "CloudFront",
        "waf": "WAF", "trace": "X-Ray",
    }  # fmt: skip
    load = Assumptions().of(1_000)
    before = scaling.costs(load)
    assert set(dearer.values()) == set(before)
    for name, component in dearer.items():
        with monkeypatch.context() as patch:
            patch.setattr(scaling, "PRICES", {**PRICES, name: replace(PRICES[name], usd=PRICES[name].usd * 2)})
            changed = {it for it, amount in scaling.costs(load).items() if not math.isclose(amount, before[it])}
        assert changed == {component}, name


@given(st.integers(min_value=1, max_value=5_000))
def test_connections_fit_the_least_capacity_that_is_named(connections):
    acu = scaling.least_acu_for(connections)
    most = dict(scaling.MAX_CONNECTIONS_BY_ACU)
    assert connections <= most[acu]
    assert all(connections > allowed for smaller, allowed in most.items() if smaller < acu)


def test_no_capacity_has_more_connections_than_the_engine():
    assert scaling.least_acu_for(QUOTAS["connections"].value + 1) is None


# ---------------------------------------------------------------- Simulation


@few
@given(st.floats(min_value=1, max_value=50), st.integers(min_value=0, max_value=10_000), st.booleans())
def test_littles_law_holds_in_what_was_simulated(multiple, seed, deployed):
    """The time-average of busy instances is arrivals times time: exactly so over a stretch that ends idle."""
    seen = scaling.simulate(Assumptions().of(multiple), seed=seed, stretch=SHORT, deployed=deployed)
    assert seen.busy_seconds == pytest.approx(seen.service_seconds)
    assert seen.mean == pytest.approx(scaling.little(1 / seen.seconds, seen.service_seconds))


@few
@given(st.floats(min_value=1, max_value=50), st.integers(min_value=0, max_value=10_000))
def test_what_was_simulated_is_possible(multiple, seed):
    seen = scaling.simulate(Assumptions().of(multiple), seed=seed, stretch=SHORT)
    assert 0 <= seen.p99
    assert seen.most <= seen.pool
    assert seen.cold_in_10_s <= seen.cold <= seen.requests
    assert seen.requests % Assumptions().burst == 0


def test_the_same_seed_sees_the_same_and_another_doesnt():
    load = Assumptions().of(20)
    assert scaling.simulate(load, stretch=SHORT) == scaling.simulate(load, stretch=SHORT)
    assert scaling.simulate(load, stretch=SHORT) != scaling.simulate(load, stretch=SHORT, seed=1)


@pytest.mark.parametrize("multiple", [100, 1_000])
def test_the_formula_says_about_what_the_simulation_sees(multiple):
    load, seen = Assumptions().of(multiple), scaling.simulated(multiple)
    deployed = scaling.simulated(multiple, deployed=True)
    assert seen.p99 == pytest.approx(load.executions, rel=0.3)
    assert deployed.cold_in_10_s == pytest.approx(load.deployed_executions, rel=0.2)
    assert deployed.most >= seen.most


def test_requests_come_as_often_as_they_should():
    load = Assumptions().of(100)
    stretch = Stretch(warm_up=0, before=100, rush=100, after=100)
    pages = list(scaling.arrivals(load, stretch, random.Random(1)))
    assert pages == sorted(pages)
    in_rush = sum(stretch.rush_begins <= at < stretch.rush_ends for at in pages)
    assert in_rush * load.given.burst == pytest.approx(load.rush_rps * 100, rel=0.1)
    assert (len(pages) - in_rush) * load.given.burst == pytest.approx(load.peak_rps * 200, rel=0.1)


def test_slower_starts_have_more_instances_start():
    slow = replace(Assumptions(), start_ms=1_000).of(100)
    fast = replace(Assumptions(), start_ms=50).of(100)
    seen = [scaling.simulate(load, stretch=SHORT, deployed=True).cold_in_10_s for load in (fast, slow)]
    assert seen[0] < seen[1]


@given(st.dictionaries(st.integers(min_value=0, max_value=500), st.floats(min_value=0.01, max_value=10), min_size=1))
def test_a_percentile_is_the_least_level_that_is_enough(weights):
    level = scaling.percentile(weights, 0.99)
    total = sum(weights.values())
    assert sum(weight for at, weight in weights.items() if at <= level) >= 0.99 * total * (1 - 1e-9)
    assert sum(weight for at, weight in weights.items() if at < level) < 0.99 * total * (1 + 1e-9)
