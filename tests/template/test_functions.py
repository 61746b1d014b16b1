"""The functions: what they run on, what they may touch, how long their logs are kept."""

import re

import pytest
from conftest import ROOT, TEMPLATE, transformed

# What SAM gives a function for its log, its place in the VPC and its traces.
MANAGED_POLICIES = {"AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSXrayWriteOnlyAccess"}
INTEGRATION_SECRETS = "secret:${IntegrationSecretsPrefix}*"
COMMANDS_TABLE = {"Fn::GetAtt": ["CommandsTable", "Arn"]}
BOOKKEEPING_TABLE = {"Fn::GetAtt": ["CommandBookkeepingTable", "Arn"]}
SEND = ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SendMessage"]
TAKE = [
    "sqs:GetQueueUrl",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
]
READ_SECRET = ["secretsmanager:GetSecretValue"]


@pytest.fixture(scope="module")
def functions(of_type):
    return of_type("AWS::Lambda::Function")


@pytest.fixture(scope="module")
def roles(of_type):
    """The functions' roles; the other one is CodeDeploy's."""
    return {name: role for name, role in of_type("AWS::IAM::Role").items() if name != "CodeDeployRole"}


def statements(role):
    """The statements of a role's own policies, each with the condition it is under, if any."""
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            condition, statement, otherwise = statement.get("Fn::If", (None, statement, None))
            assert otherwise in (None, {"Ref": "AWS::NoValue"})
            assert statement["Effect"] == "Allow"
            yield condition, statement


def listed(value):
    return value if isinstance(value, list) else [value]


def test_functions_are_binaries_for_the_chosen_architecture(functions, template):
    for function in functions.values():
        assert function["Runtime"] == "provided.al2023"
        assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert template["Parameters"]["Architecture"]["Default"] == "arm64"


def test_functions_are_traced_and_log_json(functions):
    for function in functions.values():
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["LoggingConfig"]["LogFormat"] == "JSON"


def test_every_log_group_is_the_templates_own_and_ends(functions, of_type):
    groups = of_type("AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    used = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()]
    assert len(set(used)) == len(used)
    assert set(groups) == {*used, "ApiAccessLogs"}


def test_functions_run_inside_the_vpc_if_there_is_one(functions):
    for function in functions.values():
        condition, inside, _ = function["VpcConfig"]["Fn::If"]
        assert condition == "InVpc"
        assert inside == {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}}


def test_the_apis_answer_before_the_gateway_gives_up(functions):
    assert functions["TenantApi"]["Timeout"] < 29
    assert functions["InternalApi"]["Timeout"] < 29


def test_the_slowest_command_ends_within_one_execution(functions):
    assert functions["ProcessOperationalCommand"]["Timeout"] == 300


def test_migrations_and_back_fills_have_as_long_as_a_function_can(functions):
    assert functions["Migrate"]["Timeout"] == 900
    assert functions["AggregateDailyMetrics"]["Timeout"] == 900


def test_each_function_has_a_role_of_its_own(functions, roles):
    assert {name: function["Role"]["Fn::GetAtt"][0] for name, function in functions.items()} == {
        name: f"{name}Role" for name in functions
    }
    assert len(roles) == len(functions)


def test_no_policy_has_a_wildcard(roles):
    wild = []
    for name, role in roles.items():
        for _, statement in statements(role):
            assert not {"NotAction", "NotResource", "Condition"} & set(statement), name
            for value in listed(statement["Action"]) + listed(statement["Resource"]):
                if "*" in str(value):
                    wild.append((name, value["Fn::Sub"].partition("${AWS::AccountId}:")[2]))
    # Secrets are made as integrations are connected; there, a name is as much as a policy can know of them.
    assert wild == [("ProcessOperationalCommandRole", INTEGRATION_SECRETS)]


def test_the_prefix_of_integrations_secrets_can_be_no_others(template):
    prefix = template["Parameters"]["IntegrationSecretsPrefix"]
    pattern = re.compile(prefix["AllowedPattern"])
    assert pattern.fullmatch(prefix["Default"])
    assert pattern.fullmatch("painel/producao/integration/")
    for wrong in ("", "/", "*", "painel", "painel/*", "painel//", "painel/database", "painel/?/"):
        assert not pattern.search(wrong), wrong


def test_managed_policies_are_those_for_logs_network_and_traces(roles):
    for name, role in roles.items():
        arns = [arn for it in role["ManagedPolicyArns"] for arn in (it["Fn::If"] if "Fn::If" in it else [it])]
        names = {str(arn).rpartition("/")[2] for arn in arns if not isinstance(arn, dict)}
        assert names and names <= MANAGED_POLICIES, name
        # Subsegments go to the daemon, and from there with these rights.
        assert "AWSXrayWriteOnlyAccess" in names, name


@pytest.mark.parametrize(
    ("role", "grants"),
    [
        (
            "TenantApiRole",
            [
                (None, READ_SECRET, {"Ref": "DatabaseTenantSecretArn"}),
                ("HasCacheSecret", READ_SECRET, {"Ref": "CacheSecretArn"}),
                ("HasSecretsKey", ["kms:Decrypt"], {"Ref": "SecretsKeyArn"}),
            ],
        ),
        (
            "InternalApiRole",
            [
                (None, READ_SECRET, {"Ref": "DatabaseInternalSecretArn"}),
                ("HasCacheSecret", READ_SECRET, {"Ref": "CacheSecretArn"}),
                (None, ["dynamodb:PutItem", "dynamodb:BatchGetItem"], COMMANDS_TABLE),
                (
                    None,
                    ["dynamodb:Query"],
                    [
                        COMMANDS_TABLE,
                        {"Fn::Sub": "${CommandsTable.Arn}/index/tenant_id-created_at-index"},
                        {"Fn::Sub": "${CommandsTable.Arn}/index/status-created_at-index"},
                        {"Fn::Sub": "${CommandsTable.Arn}/index/type_status-created_at-index"},
                        {"Fn::Sub": "${CommandsTable.Arn}/index/tenant_type_status-created_at-index"},
                    ],
                ),
                (
                    None,
                    ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Query"],
                    BOOKKEEPING_TABLE,
                ),
                ("HasSecretsKey", ["kms:Decrypt"], {"Ref": "SecretsKeyArn"}),
            ],
        ),
        (
            "AggregateDailyMetricsRole",
            [
                (None, ["sqs:SendMessage"], {"Fn::GetAtt": ["AggregationFailures", "Arn"]}),
                (None, READ_SECRET, {"Ref": "DatabaseJobsSecretArn"}),
                ("HasCacheSecret", READ_SECRET, {"Ref": "CacheSecretArn"}),
                ("HasSecretsKey", ["kms:Decrypt"], {"Ref": "SecretsKeyArn"}),
            ],
        ),
        (
            "ProcessOperationalCommandRole",
            [
                (None, [*READ_SECRET, "secretsmanager:DescribeSecret"], {"Ref": "DatabaseCommandsSecretArn"}),
                ("HasCacheSecret", READ_SECRET, {"Ref": "CacheSecretArn"}),
                (
                    None,
                    [
                        *READ_SECRET,
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ],
                    {
                        "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:"
                        + INTEGRATION_SECRETS
                    },
                ),
                ("HasSecretsKey", ["kms:Decrypt", "kms:GenerateDataKey"], {"Ref": "SecretsKeyArn"}),
                (
                    None,
                    [
                        "dynamodb:DescribeStream",
                        "dynamodb:GetRecords",
                        "dynamodb:GetShardIterator",
                        "dynamodb:ListStreams",
                    ],
                    {"Fn::GetAtt": ["CommandsTable", "StreamArn"]},
                ),
                (None, ["dynamodb:GetItem", "dynamodb:UpdateItem"], COMMANDS_TABLE),
                (
                    None,
                    ["dynamodb:Query"],
                    {"Fn::Sub": "${CommandsTable.Arn}/index/status-created_at-index"},
                ),
                (None, ["dynamodb:PutItem", "dynamodb:UpdateItem"], BOOKKEEPING_TABLE),
                (None, ["sqs:SendMessage"], {"Fn::GetAtt": ["CommandFailures", "Arn"]}),
                ("HasOperationQueueArns", SEND, {"Fn::Split": [",", {"Ref": "OperationQueueArns"}]}),
                (
                    "HasOperationDeadLetterQueueArns",
                    TAKE,
                    {"Fn::Split": [",", {"Ref": "OperationDeadLetterQueueArns"}]},
                ),
                ("HasDemoResources", SEND, {"Fn::GetAtt": ["DemoQueue", "Arn"]}),
                ("HasDemoResources", TAKE, {"Fn::GetAtt": ["DemoDeadLetterQueue", "Arn"]}),
                (None, ["events:PutEvents"], {"Fn::GetAtt": ["PlatformEventBus", "Arn"]}),
            ],
        ),
        (
            "MigrateRole",
            [
                (None, READ_SECRET, {"Ref": "DatabaseMigratorSecretArn"}),
                (None, READ_SECRET, {"Ref": "DatabaseRoleSecretArns"}),
                ("HasCacheSecret", READ_SECRET, {"Ref": "CacheSecretArn"}),
                ("HasSecretsKey", ["kms:Decrypt"], {"Ref": "SecretsKeyArn"}),
            ],
        ),
    ],
)
def test_a_function_may_do_what_it_does_alone(roles, role, grants):
    allowed = [(condition, listed(it["Action"]), it["Resource"]) for condition, it in statements(roles[role])]
    assert allowed == grants


def test_each_action_says_who_calls_it():
    """Beside the action, by the file; where Lambda or Secrets Manager calls in a function's name, by theirs."""
    written = re.findall(r"^ +- ([a-z0-9]+:[A-Z]\w+)( # .+)?$", TEMPLATE.read_text(), re.MULTILINE)
    assert len(written) > 50
    for action, comment in written:
        assert comment, action
        files = re.findall(r"(?:crates|functions)/\S+\.rs", comment)
        assert files or re.search("Lambda|Secrets Manager|the same", comment), (action, comment)
        for file in files:
            # As the SDK calls it; a transaction has its parts, and a batch its own.
            name = re.sub("(?<!^)(?=[A-Z])", "_", action.partition(":")[2]).lower()
            code = (ROOT / file).read_text()
            assert re.search(rf"{name}|{name.partition('_')[0].title()}::builder|Credentials", code), (action, file)


def test_a_grant_on_what_may_be_absent_depends_on_its_presence(template):
    def given(parameter):
        return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}

    conditions = template["Conditions"]
    assert conditions["HasSecretsKey"] == given("SecretsKeyArn")
    assert conditions["HasCacheSecret"] == given("CacheSecretArn")
    assert conditions["HasOperationQueueArns"] == given("OperationQueueArns")
    assert conditions["HasOperationDeadLetterQueueArns"] == given("OperationDeadLetterQueueArns")
    assert conditions["HasDemoResources"] == {"Fn::Equals": [{"Ref": "DemoResources"}, "true"]}


@pytest.mark.parametrize("api", ["TenantApi", "InternalApi"])
def test_the_issuer_is_cognitos_wherever_the_keys_are(functions, api):
    variables = functions[api]["Environment"]["Variables"]
    issuer = "https://cognito-idp.${AWS::Region}.amazonaws.com/${UserPool}"
    assert variables["COGNITO_ISSUER"] == {"Fn::Sub": issuer}
    condition, elsewhere, at_cognito = variables["COGNITO_JWKS_URL"]["Fn::If"]
    assert condition == "HasCognitoEndpoint"
    assert elsewhere == {"Fn::Sub": "${CognitoEndpoint}/${UserPool}/.well-known/jwks.json"}
    assert at_cognito == {"Fn::Sub": f"{issuer}/.well-known/jwks.json"}


def test_no_function_has_a_password_in_its_environment(functions):
    for function in functions.values():
        for name in function["Environment"]["Variables"]:
            assert "PASSWORD" not in name
            assert "SECRET" not in name or name.endswith(("_ARN", "_ARNS"))


def test_the_database_and_the_cache_are_reached_over_verified_tls_unless_told_otherwise(template):
    assert template["Parameters"]["DatabaseTls"]["Default"] == "verify-full"
    assert template["Parameters"]["CacheTls"]["Default"] == "verify-full"


CACHED = ("TenantApi", "InternalApi", "AggregateDailyMetrics", "ProcessOperationalCommand", "Migrate")


def test_who_reads_answers_or_changes_what_they_are_made_from_knows_the_cache(functions):
    knowing = {name for name, it in functions.items() if "CACHE_HOST" in it["Environment"]["Variables"]}
    assert knowing == set(CACHED)
    for name in CACHED:
        variables = functions[name]["Environment"]["Variables"]
        settings = {variable: value for variable, value in variables.items() if variable.startswith("CACHE_")}
        assert settings == {
            "CACHE_HOST": {"Ref": "CacheHost"},
            "CACHE_PORT": {"Ref": "CachePort"},
            "CACHE_TLS": {"Ref": "CacheTls"},
            "CACHE_SECRET_ARN": {"Ref": "CacheSecretArn"},
        }


@pytest.mark.parametrize(
    ("limit", "usual"),
    [("UserLimitPerSecond", 10), ("UserLimitBurst", 50), ("TenantLimitPerSecond", 50), ("TenantLimitBurst", 200)],
)
def test_the_limits_are_settings_of_both_apis(functions, template, limit, usual):
    variable = re.sub("(?<!^)(?=[A-Z])", "_", limit).upper()
    for api in ("TenantApi", "InternalApi"):
        assert functions[api]["Environment"]["Variables"][variable] == {"Ref": limit}
    parameter = template["Parameters"][limit]
    assert parameter["Default"] == usual
    # The function doesn't start with a burst that the dearest request exceeds.
    assert parameter["MinValue"] == (10 if limit.endswith("Burst") else 1)


# ------------------------------------------------------------------ new code

# The migrations' function is changed, and invoked, before the others take their new code.
GRADUAL = ("TenantApi", "InternalApi", "AggregateDailyMetrics", "ProcessOperationalCommand")


def test_callers_are_sent_to_a_version(template, operations):
    """By its name: so that it can be another one at once, and the one before again."""
    aliases = {name: it for name, it in template["Resources"].items() if it["Type"] == "AWS::Lambda::Alias"}
    assert set(aliases) == {f"{name}Aliaslive" for name in GRADUAL}
    for _, _, operation in operations:
        assert re.search(r"\$\{(Tenant|Internal)Api\.Alias\}|Aliaslive", str(operation["x-amazon-apigateway-integration"]["uri"]))
    (stream,) = [it for it in template["Resources"].values() if it["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert stream["Properties"]["FunctionName"] == {"Ref": "ProcessOperationalCommandAliaslive"}


def test_traffic_goes_back_by_itself_when_new_code_alarms(template, of_type):
    groups = of_type("AWS::CodeDeploy::DeploymentGroup")
    assert set(groups) == {f"{name}DeploymentGroup" for name in GRADUAL}
    for name, group in groups.items():
        assert group["AutoRollbackConfiguration"]["Enabled"] is True
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        alarms = [alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]]
        assert alarms and all(template["Resources"][alarm]["Type"] == "AWS::CloudWatch::Alarm" for alarm in alarms), name
        update = template["Resources"][name.replace("DeploymentGroup", "Aliaslive")]["UpdatePolicy"]
        assert update["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"] == {"Ref": name}
    assert template["Parameters"]["TrafficShift"]["Default"].startswith("Canary")


def test_without_gradual_deployment_there_is_nobody_to_shift_traffic():
    kinds = {it["Type"] for it in transformed({})["Resources"].values()}
    assert "AWS::Lambda::Alias" in kinds
    assert not {kind for kind in kinds if kind.startswith("AWS::CodeDeploy")}
