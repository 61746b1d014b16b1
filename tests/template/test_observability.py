"""Alarms and the dashboard: what they watch is there, under the names that the code and the other templates give it."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def watched(infra):
    return infra("observability")


@pytest.fixture(scope="module")
def alarms(watched):
    return {
        name: it["Properties"] for name, it in watched["Resources"].items() if it["Type"] == "AWS::CloudWatch::Alarm"
    }


@pytest.fixture(scope="module")
def dashboard(watched):
    """The dashboard with every parameter filled in."""
    body = watched["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    names = set(re.findall(r"\$\{([A-Za-z:]+)}", body))
    assert names <= {*watched["Parameters"], "AWS::Region"}
    values = {name: "17" if watched["Parameters"].get(name, {}).get("Type") == "Number" else name for name in names}
    return json.loads(re.sub(r"\$\{([A-Za-z:]+)}", lambda match: values[match[1]], body))


def metrics_of(alarm):
    """What an alarm looks at: (namespace, metric, dimensions)."""
    if "MetricName" in alarm:
        yield alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]
    for it in alarm.get("Metrics", []):
        if "MetricStat" in it:
            metric = it["MetricStat"]["Metric"]
            yield metric["Namespace"], metric["MetricName"], metric.get("Dimensions", [])


def test_each_thing_that_hurts_users_alarms(alarms):
    seen = {(namespace, metric) for alarm in alarms.values() for namespace, metric, _ in metrics_of(alarm)}
    assert {
        ("AWS/ApiGateway", "5XXError"),
        ("AWS/ApiGateway", "Latency"),
        ("PainelAlquimista", "CommandWait"),
        ("PainelAlquimista", "CacheBypasses"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "Duration"),
        ("AWS/Lambda", "ConcurrentExecutions"),
        ("AWS/RDS", "ACUUtilization"),
        ("AWS/RDS", "CPUUtilization"),
        ("AWS/RDS", "DatabaseConnections"),
        ("AWS/RDS", "FreeableMemory"),
        ("AWS/RDS", "AuroraReplicaLagMaximum"),
        ("AWS/ElastiCache", "ThrottledCmds"),
        ("AWS/ElastiCache", "Evictions"),
        ("AWS/ElastiCache", "BytesUsedForCache"),
        ("AWS/ElastiCache", "ElastiCacheProcessingUnits"),
    } <= seen


def test_no_alarm_is_there_twice(alarms, template):
    """template.yaml alarms on what its functions say; two that ring for one reason teach people not to listen."""
    application = {
        name: it["Properties"] for name, it in template["Resources"].items() if it["Type"] == "AWS::CloudWatch::Alarm"
    }
    theirs = {(metric[0], metric[1]) for alarm in application.values() for metric in metrics_of(alarm)}
    ours = {(metric[0], metric[1]) for alarm in alarms.values() for metric in metrics_of(alarm)}
    # Errors: of the web server here, of the others there.
    assert theirs & ours == {("AWS/Lambda", "Errors")}
    names = [alarm["AlarmName"]["Fn::Sub"] for alarm in (*application.values(), *alarms.values())]
    assert len(set(names)) == len(names)


def test_metrics_of_ours_are_those_that_the_code_writes(alarms, dashboard):
    """A metric that nobody writes never alarms."""
    sources = [file.read_text() for place in ("crates", "functions") for file in (ROOT / place).rglob("src/**/*.rs")]
    known = set(re.findall(r'\("([A-Z][A-Za-z]+)", Unit::', "".join(sources)))
    named = {metric for alarm in alarms.values() for space, metric, _ in metrics_of(alarm) if space == "PainelAlquimista"}
    for widget in dashboard["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if metric[0] == "PainelAlquimista":
                named.add(metric[1])
            elif isinstance(metric[0], dict):
                named |= set(re.findall(r'{PainelAlquimista[^}]*} MetricName="([A-Za-z]+)"', metric[0]["expression"]))
    assert {"CommandWait", "CacheBypasses", "Latency", "Successes"} <= named
    assert named <= known


def test_dimensions_are_those_of_the_metrics(alarms):
    expected = {
        "AWS/ApiGateway": [{"ApiName", "Stage"}],
        "AWS/Lambda": [{"FunctionName"}, set()],
        "PainelAlquimista": [{"FunctionName"}],
        "AWS/RDS": [{"DBClusterIdentifier"}, {"DBClusterIdentifier", "Role"}],
        "AWS/ElastiCache": [{"CacheDimension"}],
    }
    for name, alarm in alarms.items():
        for namespace, _, dimensions in metrics_of(alarm):
            given = {it["Name"]["Ref"] if isinstance(it["Name"], dict) else it["Name"] for it in dimensions}
            assert given in expected[namespace], name


def test_every_expression_names_its_metrics(alarms):
    for name, alarm in alarms.items():
        if "Metrics" not in alarm:
            continue
        ids = {it["Id"] for it in alarm["Metrics"]}
        (result,) = [it for it in alarm["Metrics"] if it["ReturnData"]]
        used = set()
        for it in alarm["Metrics"]:
            expression = it.get("Expression", "")
            expression = expression["Fn::Sub"] if isinstance(expression, dict) else expression
            used |= set(re.findall(r"\b[a-z][A-Za-z]*\b", re.sub(r"\$\{\w+}", "1", expression)))
        assert used == ids - {result["Id"]}, name
        # CloudWatch takes no more in an alarm.
        assert len(alarm["Metrics"]) <= 10, name


def test_silence_is_no_alarm_but_where_it_means_something(alarms):
    """A night without requests has no metrics of requests."""
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}


def test_one_bad_minute_is_no_alarm(alarms):
    for name, alarm in alarms.items():
        assert alarm["DatapointsToAlarm"] >= 2, name
        assert alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"], name


def test_the_dashboard_begins_with_users_and_ends_with_the_machines(dashboard):
    titles = [it["properties"]["markdown"] for it in dashboard["widgets"] if it["type"] == "text"]
    assert titles[0].startswith("## Are users well?")
    assert [title.split()[1] for title in titles[-3:]] == ["Functions", "Database", "Cache"]


def test_widgets_lie_beside_each_other(dashboard):
    taken = set()
    for it in dashboard["widgets"]:
        assert it["x"] + it["width"] <= 24
        cells = {(x, y) for x in range(it["x"], it["x"] + it["width"]) for y in range(it["y"], it["y"] + it["height"])}
        assert not taken & cells, it["properties"]
        taken |= cells


def test_metrics_of_cloudfront_and_waf_are_asked_where_they_are(dashboard):
    for it in dashboard["widgets"]:
        spaces = {metric[0] for metric in it["properties"].get("metrics", []) if isinstance(metric[0], str)}
        if spaces:
            there = bool(spaces & {"AWS/CloudFront", "AWS/WAFV2"})
            assert (it["properties"]["region"] == "us-east-1") == there, it["properties"]["title"]


def test_parameters_are_outputs_of_the_stacks_before(watched, infra, template):
    outputs = {*template["Outputs"], *infra("web")["Outputs"], *infra("waf")["Outputs"]}
    names = {name for name, it in watched["Parameters"].items() if it.get("Description", "").startswith("Output of")}
    assert names - outputs == {"DatabaseClusterId", "CacheName"}  # of infra/data.yaml
