"""The aggregation: when it runs, where its failures go, and who is told."""

import json
import re
from pathlib import Path

import pytest

FUNCTION = "AggregateDailyMetrics"
QUEUE = {"Fn::GetAtt": ["AggregationFailures", "Arn"]}
ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = ROOT / "crates" / "runtime" / "src" / "metrics.rs"
JOB = ROOT / "functions" / "aggregate-daily-metrics" / "src" / "job.rs"


@pytest.fixture(scope="module")
def rules(of_type):
    return {name: rule for name, rule in of_type("AWS::Events::Rule").items() if name.startswith(FUNCTION)}


@pytest.fixture(scope="module")
def alarms(of_type):
    return of_type("AWS::CloudWatch::Alarm")


@pytest.mark.parametrize(
    ("rule", "schedule", "run"),
    [("Nightly", "cron(0 2 * * ? *)", "nightly"), ("QuarterHourly", "rate(15 minutes)", "quarter_hourly")],
)
def test_the_schedules_say_which_run_they_are(rules, template, rule, schedule, run):
    rule = rules[f"{FUNCTION}{rule}"]
    assert rule["ScheduleExpression"] == schedule
    assert "State" not in rule or rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": f"{FUNCTION}Aliaslive"}
    assert json.loads(target["Input"]) == {"run": run}


def test_the_schedules_may_invoke_the_function_and_nobody_else(rules, of_type):
    permitted = [
        (permission["Principal"], permission["SourceArn"]["Fn::GetAtt"][0])
        for permission in of_type("AWS::Lambda::Permission").values()
        if permission["FunctionName"] == {"Ref": f"{FUNCTION}Aliaslive"}
    ]
    assert sorted(permitted) == sorted(("events.amazonaws.com", rule) for rule in rules)


def test_what_a_schedule_cannot_deliver_is_tried_again_and_then_kept(rules, properties):
    for rule in rules.values():
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": QUEUE}
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert rules[f"{FUNCTION}QuarterHourly"]["Targets"][0]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 900
    policy = properties("AggregationFailuresPolicy")
    assert policy["Queues"] == [{"Ref": "AggregationFailures"}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Allow", "sqs:SendMessage", QUEUE)
    sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert sorted(source["Fn::GetAtt"][0] for source in sources) == sorted(rules)


def test_a_run_that_fails_is_repeated_and_then_kept(of_type):
    configs = of_type("AWS::Lambda::EventInvokeConfig").values()
    (config,) = [config for config in configs if config["FunctionName"] == {"Ref": FUNCTION}]
    assert config["MaximumRetryAttempts"] == 2
    assert config["DestinationConfig"] == {"OnFailure": {"Destination": QUEUE}}


def test_failures_are_encrypted_and_kept_for_two_weeks(properties):
    queue = properties("AggregationFailures")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_runs_are_few_at_once(properties, template):
    condition, reserved, none = properties(FUNCTION)["ReservedConcurrentExecutions"]["Fn::If"]
    assert (condition, reserved) == ("HasAggregateReservedConcurrency", {"Ref": "AggregateReservedConcurrency"})
    assert none == {"Ref": "AWS::NoValue"}
    assert template["Parameters"]["AggregateReservedConcurrency"]["Default"] == 2


def test_raw_requests_stay_for_as_long_as_reports_reach_back(properties, template):
    assert properties(FUNCTION)["Environment"]["Variables"]["RAW_RETENTION_DAYS"] == {"Ref": "RawRetentionDays"}
    retention = template["Parameters"]["RawRetentionDays"]
    assert retention["MinValue"] > 180
    assert retention["Default"] >= 400


def test_alarms_go_to_the_topic_if_there_is_one(alarms):
    to_topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == to_topic
        assert alarm["OKActions"] == to_topic
        assert alarm["AlarmDescription"]


def test_a_failure_alarms(alarms):
    alarm = alarms["AggregationFailedAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["AggregationFailures", "QueueName"]}}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    alarm = alarms["AggregationErrorsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": FUNCTION}}]


@pytest.mark.parametrize(
    ("name", "run", "seconds"),
    [
        ("AggregationLateAlarm", "quarter_hourly", 45 * 60),
        ("NightlyAggregationMissedAlarm", "nightly", 26 * 60 * 60),
    ],
)
def test_a_run_that_does_not_come_alarms(alarms, name, run, seconds):
    alarm = alarms[name]
    assert alarm["Period"] * alarm["EvaluationPeriods"] == seconds
    # CloudWatch looks back a day, or a week in steps of an hour.
    assert seconds <= (7 if alarm["Period"] >= 3600 else 1) * 24 * 60 * 60
    assert "DatapointsToAlarm" not in alarm
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": FUNCTION}},
        {"Name": "Run", "Value": run},
    ]
    # What the function says of itself, under the names it says it with.
    emitted = JOB.read_text()
    assert alarm["Namespace"] == re.search(r'NAMESPACE: &str = "(\w+)"', NAMESPACE.read_text())[1]
    assert f'("{alarm["MetricName"]}", Unit::Count)' in emitted
    assert 'by: &[&["FunctionName", "Run"]]' in emitted
