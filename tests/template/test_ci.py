"""What GitHub Actions may do in the account: one repository, one environment, these stacks, no more rights."""

import json
import re

import pytest

MANAGED = ("RolesPolicy", "ApplicationPolicy", "ApiPolicy", "NetworkPolicy", "DataPolicy", "WebPolicy", "Boundary")
# IAM's limits, in characters without spaces: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED_POLICY_CHARACTERS = 6144
INLINE_POLICIES_CHARACTERS = 10240
MANAGED_POLICIES_OF_A_ROLE = 10


@pytest.fixture(scope="module")
def resources(infra):
    return infra("ci")["Resources"]


def listed(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def statements(resources):
    """Every statement that allows something, by policy and name."""
    found = {}
    for name in MANAGED:
        for it in resources[name]["Properties"]["PolicyDocument"]["Statement"]:
            found[name, it["Sid"]] = it
    for it in resources["DeployRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
        found["DeployRole", it["Sid"]] = it
    return found


def resolved(value):
    """About as long as it is when it is deployed."""
    text = json.dumps(value, separators=(",", ":"))
    lengths = {"AWS::Partition": 3, "AWS::AccountId": 12, "ApplicationStackName": 24, "Environment": 10}
    for name, length in lengths.items():
        text = text.replace("${" + name + "}", "x" * length)
    text = re.sub(r'\{"Fn::Sub":("[^"]*")}', r"\1", text)
    return re.sub(r'\{"Ref":"[^"]*"}', '"' + "x" * 60 + '"', text)


def test_only_this_repository_and_environment_may(resources):
    text, values = resources["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Fn::Sub"]
    (statement,) = json.loads(text)["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    # Equal, not alike: a wildcard would let every branch in, or every repository that begins so.
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:${Repository}:environment:${Environment}",
        }
    }


@pytest.mark.parametrize(
    ("repository", "good"),
    [
        ("alquimista/painel", True),
        ("alquimista@123/painel.web_1@456", True),
        ("alquimista/*", False),
        ("*/painel", False),
        ("alquimista/painel:ref", False),
        ("alquimista", False),
        ("alquimista/painel*", False),
    ],
)
def test_the_repository_is_one(infra, repository, good):
    pattern = infra("ci")["Parameters"]["Repository"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, repository)) == good


def test_no_action_is_a_wildcard(statements):
    for where, it in statements.items():
        assert it["Effect"] == "Allow", where
        assert not {"NotAction", "NotResource"} & set(it), where
        assert not [action for action in listed(it["Action"]) if "*" in action], where


def test_everything_is_allowed_only_where_nothing_finer_is(statements):
    assert {where for where, it in statements.items() if it["Resource"] == "*"} == {
        ("Boundary", "JoinTheVpcAndTrace"),
        ("ApplicationPolicy", "Mappings"),  # of our functions, by its condition
        ("ApplicationPolicy", "ReadMappings"),
        ("ApplicationPolicy", "FindLogGroups"),
        ("ApiPolicy", "AccessLogs"),
        ("ApiPolicy", "MakeUserPool"),
        ("NetworkPolicy", "ReadNetwork"),
        ("NetworkPolicy", "FlowLogs"),
        ("DataPolicy", "ReadDatabase"),
        ("DataPolicy", "MakePasswordsAndKeys"),
        ("WebPolicy", "FindDeliveries"),
        ("DeployRole", "ReadTemplates"),
    }


def test_a_workflow_changes_stacks_by_cloudformations_role_alone(statements):
    propose = statements["DeployRole", "ProposeChanges"]
    assert propose["Condition"] == {
        "ArnEquals": {"cloudformation:RoleArn": {"Fn::GetAtt": ["CloudFormationRole", "Arn"]}}
    }
    hand_over = statements["DeployRole", "HandOver"]
    assert hand_over["Resource"] == {"Fn::GetAtt": ["CloudFormationRole", "Arn"]}
    assert hand_over["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    own = [it for (policy, _), it in statements.items() if policy == "DeployRole"]
    direct = {action.partition(":")[0] for it in own for action in listed(it["Action"])}
    assert direct == {"cloudformation", "iam", "lambda", "s3"}


@pytest.mark.parametrize("sid", ["MakeBoundRoles", "AttachWhatAwsWrote"])
def test_a_role_that_is_made_has_the_boundary(statements, sid):
    condition = statements["RolesPolicy", sid]["Condition"]
    assert condition["StringEquals"] == {"iam:PermissionsBoundary": {"Ref": "Boundary"}}


def test_no_role_can_change_its_own_rights(resources, statements):
    """What CloudFormation may change is in no path, and what it is bound by is in one."""
    for name in ("DeployRole", "CloudFormationRole", *MANAGED):
        assert resources[name]["Properties"]["Path"] == "/painel-ci/", name
    for (policy, sid), it in statements.items():
        for action in listed(it["Action"]):
            if action.startswith("iam:") and policy != "DeployRole" and action != "iam:CreateServiceLinkedRole":
                for arn in listed(it["Resource"]):
                    role = arn["Fn::Sub"].partition(":role/")[2]
                    assert role in ("painel-${Environment}-*", "${ApplicationStackName}-*"), sid
    every = {action for it in statements.values() for action in listed(it["Action"])}
    assert not every & {
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeleteRolePermissionsBoundary",
        "iam:CreateUser",
        "iam:CreateAccessKey",
        "sts:AssumeRole",
    }


def test_the_boundary_has_no_rights_over_rights(statements):
    for (policy, sid), it in statements.items():
        if policy == "Boundary":
            services = {action.partition(":")[0] for action in listed(it["Action"])}
            assert not services & {"iam", "sts", "cloudformation", "lambda", "s3", "rds", "organizations"}, sid


def test_the_boundary_holds_what_the_functions_are_given(statements, template, infra):
    """A right that a template gives and the boundary doesn't know is none."""
    bound = {action for (policy, _), it in statements.items() if policy == "Boundary" for action in listed(it["Action"])}
    templates = {"template.yaml": template["Resources"], "infra/web.yaml": infra("web")["Resources"]}
    for name, resources in templates.items():
        for role in resources.values():
            if role["Type"] != "AWS::IAM::Role":
                continue
            for policy in role["Properties"].get("Policies", []):
                for it in policy["PolicyDocument"]["Statement"]:
                    it = it["Fn::If"][1] if "Fn::If" in it else it
                    assert set(listed(it["Action"])) <= bound, (name, it["Sid"])


def test_what_cannot_be_made_again_is_not_deleted_by_a_deployment(statements):
    every = {action for it in statements.values() for action in listed(it["Action"])}
    assert not every & {
        "cognito-idp:DeleteUserPool",
        "dynamodb:DeleteTable",
        "kms:ScheduleKeyDeletion",
        "rds:DeleteDBCluster",
        "cloudformation:DeleteStack",
    }


def test_policies_are_short_enough_for_iam(resources):
    for name in MANAGED:
        document = resources[name]["Properties"]["PolicyDocument"]
        assert len(resolved(document)) < MANAGED_POLICY_CHARACTERS, name
    inline = resources["DeployRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    assert len(resolved(inline)) < INLINE_POLICIES_CHARACTERS
    attached = resources["CloudFormationRole"]["Properties"]["ManagedPolicyArns"]
    assert len(attached) <= MANAGED_POLICIES_OF_A_ROLE
    assert {it["Ref"] for it in attached} == set(MANAGED) - {"Boundary"}
