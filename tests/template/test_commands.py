"""Operational commands: their tables, the stream between them and their processor, and who is told when it fails."""

import itertools
import json

import pytest

FUNCTION = "ProcessOperationalCommand"
TABLES = ["CommandsTable", "CommandBookkeepingTable"]
QUEUE = {"Fn::GetAtt": ["CommandFailures", "Arn"]}
INDEX_KEYS = ["tenant_id", "status", "type_status", "tenant_type_status"]
# What a row of a list shows, without the keys.
LISTED = {"command_type", "tenant_id", "status", "created_by", "started_at", "completed_at", "error_message"}
DEMO = ["DemoQueue", "DemoDeadLetterQueue", "DemoConsumerQueue", "DemoConsumerRule", "DemoConsumerQueuePolicy"]


@pytest.fixture(scope="module")
def mapping(of_type):
    (mapping,) = of_type("AWS::Lambda::EventSourceMapping").values()
    return mapping


@pytest.fixture(scope="module")
def alarms(of_type):
    return of_type("AWS::CloudWatch::Alarm")


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize("table", TABLES)
def test_the_tables_are_encrypted_recoverable_and_outlive_the_stack(template, table):
    resource = template["Resources"][table]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = resource["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["HasTableDeletionProtection", True, False]}


def test_the_tables_are_protected_unless_told_otherwise(template):
    assert template["Parameters"]["TableDeletionProtection"]["Default"] == "ACTIVE"
    protected = template["Conditions"]["HasTableDeletionProtection"]
    assert protected == {"Fn::Equals": [{"Ref": "TableDeletionProtection"}, "ACTIVE"]}


def test_a_command_is_found_by_id_and_instant(properties):
    assert properties("CommandsTable")["KeySchema"] == keys("command_id", "created_at")


def test_every_filter_of_the_list_has_an_index_with_what_it_shows(properties):
    table = properties("CommandsTable")
    indexes = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}
    assert set(indexes) == {f"{key}-created_at-index" for key in INDEX_KEYS}
    for key in INDEX_KEYS:
        index = indexes[f"{key}-created_at-index"]
        assert index["KeySchema"] == keys(key, "created_at")
        assert index["Projection"]["ProjectionType"] == "INCLUDE"
        # DynamoDB refuses the index's own key here. Outputs are large: they are read from the table, one at a time.
        included = index["Projection"]["NonKeyAttributes"]
        assert sorted(included) == sorted(LISTED - {key})
    attributes = table["AttributeDefinitions"]
    assert {it["AttributeName"] for it in attributes} == {"command_id", "created_at", *INDEX_KEYS}
    assert {it["AttributeType"] for it in attributes} == {"S"}


def test_the_stream_shows_what_was_and_what_is(properties):
    assert properties("CommandsTable")["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_idempotency_keys_and_totals_are_in_no_stream_and_no_index(properties):
    table = properties("CommandBookkeepingTable")
    assert table["KeySchema"] == keys("pk", "sk")
    assert not {"StreamSpecification", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"} & set(table)
    assert {it["AttributeName"] for it in table["AttributeDefinitions"]} == {"pk", "sk"}


def keys(partition, sort):
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


# ---------------------------------------------------------------- stream


def test_the_stream_reaches_its_function_from_its_first_record(mapping):
    assert mapping["FunctionName"] == {"Ref": f"{FUNCTION}Aliaslive"}
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["CommandsTable", "StreamArn"]}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping.get("Enabled", True) is True


def test_records_come_at_once_and_a_few_at_a_time(mapping):
    assert mapping["BatchSize"] == 25
    assert mapping["MaximumBatchingWindowInSeconds"] == 0
    assert mapping["ParallelizationFactor"] == 10


def test_a_bad_record_holds_up_no_other(mapping):
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True


def test_a_record_is_tried_until_it_is_too_old_and_then_kept(mapping):
    assert mapping["MaximumRecordAgeInSeconds"] == {"Ref": "CommandRetryWindowSeconds"}
    # The most there is: tries a second apart would outlast the longest window.
    assert mapping["MaximumRetryAttempts"] == 10_000
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": QUEUE}}


def test_a_retry_comes_after_the_lease_whatever_was_chosen(template):
    parameters = template["Parameters"]
    names = ["CommandRetryWindowSeconds", "CommandLeaseSeconds", "CommandClockSkewSeconds"]
    chosen = list(itertools.product(*(parameters[name]["AllowedValues"] for name in names)))
    allowed = [values for values in chosen if obeys(template["Rules"], dict(zip(names, map(str, values), strict=True)))]
    assert {window for window, _, _ in allowed} == set(parameters[names[0]]["AllowedValues"])
    for window, lease, skew in allowed:
        assert window > lease + skew
    # Rules that forbid everything would pass as well.
    assert len(allowed) >= len(chosen) * 3 // 4


def test_by_default_a_retry_comes_even_after_the_longest_execution(template, properties):
    window, lease, skew = (
        template["Parameters"][f"Command{name}Seconds"]["Default"] for name in ("RetryWindow", "Lease", "ClockSkew")
    )
    assert (window, lease, skew) == (600, 60, 60)
    assert window > properties(FUNCTION)["Timeout"] + lease + skew


def test_the_function_knows_what_the_stream_was_told(properties):
    variables = properties(FUNCTION)["Environment"]["Variables"]
    assert variables["COMMAND_RETRY_WINDOW_SECONDS"] == {"Ref": "CommandRetryWindowSeconds"}
    assert variables["COMMAND_LEASE_SECONDS"] == {"Ref": "CommandLeaseSeconds"}
    assert variables["COMMAND_CLOCK_SKEW_SECONDS"] == {"Ref": "CommandClockSkewSeconds"}


def obeys(rules, values):
    """Whether parameters of these values keep the rules about them; one about others holds."""

    def holds(expression):
        ((function, arguments),) = expression.items()
        match function:
            case "Fn::Equals":
                left, right = map(value, arguments)
                return left == right
            case "Fn::Contains":
                members, member = arguments
                return value(member) in members
            case "Fn::Not":
                return not holds(arguments[0])
        raise AssertionError(function)

    def value(it):
        # A parameter that isn't asked about has its default, which is empty.
        return values.get(it["Ref"], "") if isinstance(it, dict) else it

    return all(
        holds(assertion["Assert"])
        for rule in rules.values()
        if holds(rule["RuleCondition"])
        for assertion in rule["Assertions"]
    )


def image(**attributes):
    return {"command_id": {"S": "c"}, "created_at": {"S": "2026-11-24T12:00:00.000Z"}, **attributes}


PENDING = image(status={"S": "PENDING"}, attempt={"N": "0"})
RUNNING = image(status={"S": "RUNNING"}, attempt={"N": "1"})
PROGRESS = image(status={"S": "RUNNING"}, attempt={"N": "1"}, progress_only={"BOOL": True})
TAKEN_OVER = image(status={"S": "RUNNING"}, attempt={"N": "2"})
DONE = image(status={"S": "SUCCESS"}, attempt={"N": "1"}, output={"S": "{}"})


@pytest.mark.parametrize(
    ("event", "old", "new", "wanted"),
    [
        ("INSERT", None, PENDING, True),
        ("MODIFY", PENDING, RUNNING, True),
        ("MODIFY", RUNNING, PROGRESS, False),
        ("MODIFY", PROGRESS, PROGRESS, False),
        ("MODIFY", PROGRESS, TAKEN_OVER, True),
        ("MODIFY", PROGRESS, DONE, True),
        ("MODIFY", RUNNING, DONE, True),
        ("REMOVE", DONE, None, True),
    ],
    ids=["created", "started", "progress", "more progress", "taken over", "done", "done at once", "expired"],
)
@pytest.mark.parametrize("where", ["AWS", "emulator"])
def test_the_function_sees_every_change_but_progress(mapping, event, old, new, wanted, where):
    images = {"OldImage": old, "NewImage": new}
    record = {"eventName": event, "dynamodb": {name: it for name, it in images.items() if it is not None}}
    patterns = [json.loads(it["Pattern"]) for it in mapping["FilterCriteria"]["Filters"]]
    matches = {"AWS": matches_on_aws, "emulator": matches_on_emulator}[where]
    assert any(matches(pattern, record) for pattern in patterns) is wanted


def matches_on_aws(pattern, record):
    """A pattern and an event are compared leaf by leaf; only a leaf exists."""
    leaves = dict(flat(record))
    return all(
        any(
            (path in leaves) == it["exists"] if isinstance(it, dict) else path in leaves and leaves[path] == it
            for it in allowed
        )
        for path, allowed in flat(pattern)
    )


def flat(tree, path=()):
    for name, it in tree.items():
        if isinstance(it, dict):
            yield from flat(it, (*path, name))
        else:
            yield (*path, name), it


def matches_on_emulator(pattern, record):
    """A pattern is descended into; what isn't there has no inside, and equals null."""
    for name, wanted in pattern.items():
        there = record.get(name)
        if isinstance(wanted, dict):
            if not isinstance(there, dict) or not matches_on_emulator(wanted, there):
                return False
        elif not any((name in record) == it["exists"] if isinstance(it, dict) else there == it for it in wanted):
            return False
    return True


# ---------------------------------------------------------------- reaper


def test_the_reaper_runs_every_minute(properties):
    rule = properties(f"{FUNCTION}Reaper")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule.get("State", "ENABLED") == "ENABLED"
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": f"{FUNCTION}Aliaslive"}
    assert json.loads(target["Input"]) == {"run": "reaper"}


def test_a_run_that_is_late_gives_way_to_the_next(properties, of_type):
    (target,) = properties(f"{FUNCTION}Reaper")["Targets"]
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    configs = of_type("AWS::Lambda::EventInvokeConfig").values()
    (config,) = [config for config in configs if config["FunctionName"] == {"Ref": FUNCTION}]
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)


def test_what_the_schedule_cannot_deliver_is_kept(properties):
    (target,) = properties(f"{FUNCTION}Reaper")["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": QUEUE}
    policy = properties("CommandFailuresPolicy")
    assert policy["Queues"] == [{"Ref": "CommandFailures"}]
    assert policy["PolicyDocument"]["Statement"] == [delivery(QUEUE, f"{FUNCTION}Reaper")]


def test_the_schedule_may_invoke_the_function_and_nobody_else(of_type):
    permitted = [
        (permission["Principal"], permission["SourceArn"])
        for permission in of_type("AWS::Lambda::Permission").values()
        if permission["FunctionName"] == {"Ref": f"{FUNCTION}Aliaslive"}
    ]
    assert permitted == [("events.amazonaws.com", {"Fn::GetAtt": [f"{FUNCTION}Reaper", "Arn"]})]


def test_failures_are_encrypted_and_kept_for_two_weeks(properties):
    queue = properties("CommandFailures")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def delivery(queue, rule):
    """The statement that lets one rule, and nobody else, send to a queue. Its name says nothing to anybody."""
    return {
        "Sid": Anything(),
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}},
    }


class Anything:
    def __eq__(self, other):
        return True

    __hash__ = None


# ---------------------------------------------------------------- API, queues and event bus


def test_the_api_has_the_three_routes(operations):
    routes = {(method, path) for path, method, _ in operations if path.startswith("/internal/operations")}
    assert routes == {
        ("post", "/internal/operations/commands"),
        ("get", "/internal/operations/commands"),
        ("get", "/internal/operations/commands/{id}"),
    }


@pytest.mark.parametrize("function", ["InternalApi", FUNCTION])
def test_both_functions_know_the_tables_and_the_same_queues(properties, function):
    variables = properties(function)["Environment"]["Variables"]
    assert variables["COMMANDS_TABLE"] == {"Ref": "CommandsTable"}
    assert variables["COMMAND_BOOKKEEPING_TABLE"] == {"Ref": "CommandBookkeepingTable"}
    demo = {"Fn::GetAtt": ["DemoQueue", "QueueName"]}
    both = {"Fn::If": ["HasOperationQueues", {"Fn::Sub": "${OperationQueues},${DemoQueue.QueueName}"}, demo]}
    assert variables["OPERATION_QUEUES"] == {"Fn::If": ["HasDemoResources", both, {"Ref": "OperationQueues"}]}


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({}, True),
        ({"OperationQueues": "a", "OperationQueueArns": "x", "OperationDeadLetterQueueArns": "y"}, True),
        ({"OperationQueues": "a"}, False),
        ({"OperationQueues": "a", "OperationQueueArns": "x"}, False),
        ({"OperationQueues": "a", "OperationDeadLetterQueueArns": "y"}, False),
    ],
)
def test_queues_are_offered_only_with_what_lets_them_be_reprocessed(template, given, allowed):
    assert obeys(template["Rules"], given) is allowed


def test_the_processor_knows_the_bus_and_the_cache(properties):
    variables = properties(FUNCTION)["Environment"]["Variables"]
    assert variables["EVENT_BUS_NAME"] == {"Ref": "PlatformEventBus"}
    for name in ("Host", "Port", "Tls", "SecretArn"):
        variable = {"SecretArn": "SECRET_ARN"}.get(name, name.upper())
        assert variables[f"CACHE_{variable}"] == {"Ref": f"Cache{name}"}


def test_there_is_nothing_for_demonstration_unless_asked_for(template):
    assert template["Parameters"]["DemoResources"]["Default"] == "false"
    for name in DEMO:
        assert template["Resources"][name]["Condition"] == "HasDemoResources"
    for name in ("DemoQueueUrl", "DemoDeadLetterQueueUrl", "DemoConsumerQueueUrl"):
        assert template["Outputs"][name]["Condition"] == "HasDemoResources"


def test_the_demo_queue_has_dead_letters_and_the_bus_a_listener(properties):
    dead_letters = {"Fn::GetAtt": ["DemoDeadLetterQueue", "Arn"]}
    assert properties("DemoQueue")["RedrivePolicy"]["deadLetterTargetArn"] == dead_letters
    rule = properties("DemoConsumerRule")
    assert rule["EventBusName"] == {"Ref": "PlatformEventBus"}
    assert rule["EventPattern"] == {"source": ["alquimista.painel"], "detail-type": ["AgentRestartRequested"]}
    consumer = {"Fn::GetAtt": ["DemoConsumerQueue", "Arn"]}
    assert [target["Arn"] for target in rule["Targets"]] == [consumer]
    statements = properties("DemoConsumerQueuePolicy")["PolicyDocument"]["Statement"]
    assert statements == [delivery(consumer, "DemoConsumerRule")]


# ---------------------------------------------------------------- alarms


def test_a_record_that_was_given_up_alarms(alarms):
    alarm = alarms["CommandsNotProcessedAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["CommandFailures", "QueueName"]}}]
    assert (alarm["Statistic"], alarm["EvaluationPeriods"]) == ("Maximum", 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)


def test_commands_that_wait_for_five_minutes_alarm(alarms):
    alarm = alarms["CommandsLateAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "IteratorAge", "Maximum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": FUNCTION}}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 60 * 1000)
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 5 * 60


def test_a_processor_that_fails_again_and_again_alarms(alarms):
    alarm = alarms["CommandProcessorErrorsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": FUNCTION}}]
    assert 1 < alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"]


def test_too_many_errors_among_some_commands_alarm(alarms):
    alarm = alarms["CommandsFailingAlarm"]
    metrics = {metric["Id"]: metric for metric in alarm["Metrics"]}
    assert [name for name, metric in metrics.items() if metric["ReturnData"]] == ["percent"]
    # Four commands are too few to tell, and would make a division by zero of none.
    expression = "IF(failed + succeeded >= 5, 100 * failed / (failed + succeeded), 0)"
    assert metrics["percent"]["Expression"] == expression
    # When all failed, there are no successes to add up, not even zero.
    assert metrics["failed"]["Expression"] == "FILL(failures, 0)"
    assert metrics["succeeded"]["Expression"] == "FILL(successes, 0)"
    for name, metric in (("failures", "CommandsFailed"), ("successes", "CommandsSucceeded")):
        stat = metrics[name]["MetricStat"]
        assert (stat["Stat"], stat["Period"]) == ("Sum", 15 * 60)
        assert (stat["Metric"]["Namespace"], stat["Metric"]["MetricName"]) == ("PainelAlquimista", metric)
        assert stat["Metric"]["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": FUNCTION}}]
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["Threshold"] == {"Ref": "CommandErrorPercentAlarm"}


def test_too_many_errors_alarm_unless_told_otherwise(template):
    assert 0 < template["Parameters"]["CommandErrorPercentAlarm"]["Default"] <= 100
    assert template["Resources"]["CommandsFailingAlarm"]["Condition"] == "HasCommandErrorPercentAlarm"
    some = {"Fn::Not": [{"Fn::Equals": [{"Ref": "CommandErrorPercentAlarm"}, 0]}]}
    assert template["Conditions"]["HasCommandErrorPercentAlarm"] == some


@pytest.mark.parametrize(
    "alarm", ["CommandsNotProcessedAlarm", "CommandsLateAlarm", "CommandsFailingAlarm", "CommandProcessorErrorsAlarm"]
)
def test_no_news_is_good_news(alarms, alarm):
    assert alarms[alarm]["TreatMissingData"] == "notBreaching"
