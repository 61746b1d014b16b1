"""What an account has once in a region: alarms reach somebody, API Gateway may log, and the cost is watched."""

from pathlib import Path

import pytest
import yaml

INFRA = Path(__file__).resolve().parents[2] / "infra"


@pytest.fixture(scope="module")
def resources(infra):
    return infra("account")["Resources"]


def allowed(document, principal):
    """The actions that a policy lets a service do, with the conditions."""
    for statement in document["Statement"]:
        services = statement["Principal"].get("Service", [])
        if principal in (services if isinstance(services, list) else [services]):
            yield statement


@pytest.mark.parametrize("service", ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"])
def test_who_alarms_may_publish_and_encrypt(resources, service):
    """A topic that takes a message which its key refuses drops it, and nobody hears of it."""
    (publish,) = allowed(resources["AlarmTopicPolicy"]["Properties"]["PolicyDocument"], service)
    assert publish["Action"] == "sns:Publish"
    assert publish["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    (encrypt,) = allowed(resources["AlarmKey"]["Properties"]["KeyPolicy"], service)
    assert set(encrypt["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert encrypt["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert resources["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "AlarmKey"}


def test_the_key_that_aws_manages_would_refuse_alarms(resources):
    assert resources["AlarmKey"]["Type"] == "AWS::KMS::Key"
    assert resources["AlarmKey"]["Properties"]["EnableKeyRotation"] is True


def test_the_budget_warns_before_the_money_is_spent(resources):
    budget = resources["Budget"]
    notifications = [it["Notification"] for it in budget["Properties"]["NotificationsWithSubscribers"]]
    assert {(it["NotificationType"], it["Threshold"]) for it in notifications} == {
        ("FORECASTED", 100),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
    }
    # Budgets asks the topic when it is made.
    assert budget["DependsOn"] == "AlarmTopicPolicy"


def test_logs_of_other_apis_outlive_the_stack(resources):
    for name in ("ApiGatewayAccount", "ApiGatewayLogsRole"):
        assert resources[name]["DeletionPolicy"] == "Retain"
        assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_every_template_that_alarms_takes_this_topic(infra):
    assert infra("account")["Outputs"]["AlarmTopicArn"]["Value"] == {"Ref": "AlarmTopic"}
    for name in ("waf", "edge", "observability"):
        template = infra(name)
        assert "AlarmTopicArn" in template["Parameters"], name
        for alarm in template["Resources"].values():
            if alarm["Type"] == "AWS::CloudWatch::Alarm":
                for actions in ("AlarmActions", "OKActions"):
                    condition, topics, _ = alarm["Properties"][actions]["Fn::If"]
                    assert (condition, topics) == ("HasAlarmTopic", [{"Ref": "AlarmTopicArn"}])


@pytest.mark.parametrize("file", sorted(INFRA.glob("*.yaml")), ids=lambda file: file.name)
def test_templates_are_the_yaml_that_cloudformation_reads(file):
    """It knows no aliases, which linters take."""
    tokens = yaml.scan(file.read_text())
    assert not [it for it in tokens if isinstance(it, yaml.AliasToken | yaml.AnchorToken)]
