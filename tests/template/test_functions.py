"""The functions: what they run on, what they may touch, how long their logs are kept."""

import pytest


@pytest.fixture(scope="module")
def functions(of_type):
    return of_type("AWS::Lambda::Function")


@pytest.fixture(scope="module")
def roles(of_type):
    return of_type("AWS::IAM::Role")


def statements(role):
    """The statements of a role's own policies, those under a condition too."""
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


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


def test_migrations_and_back_fills_have_as_long_as_a_function_can(functions):
    assert functions["Migrate"]["Timeout"] == 900
    assert functions["AggregateDailyMetrics"]["Timeout"] == 900


def test_each_function_has_a_role_of_its_own(functions, roles):
    assert {name: function["Role"]["Fn::GetAtt"][0] for name, function in functions.items()} == {
        name: f"{name}Role" for name in functions
    }
    assert len(roles) == len(functions)


def test_no_policy_has_a_wildcard(roles):
    for name, role in roles.items():
        for statement in statements(role):
            for value in listed(statement["Action"]) + listed(statement["Resource"]):
                assert "*" not in str(value), f"{name}: {statement.get('Sid', value)}"


@pytest.mark.parametrize(
    ("role", "secrets", "others"),
    [
        ("TenantApiRole", ["DatabaseTenantSecretArn"], []),
        ("InternalApiRole", ["DatabaseInternalSecretArn"], []),
        (
            "AggregateDailyMetricsRole",
            ["DatabaseJobsSecretArn"],
            [("sqs:SendMessage", {"Fn::GetAtt": ["AggregationFailures", "Arn"]})],
        ),
        ("MigrateRole", ["DatabaseMigratorSecretArn", "DatabaseRoleSecretArns"], []),
    ],
)
def test_a_function_reads_its_own_secrets_alone(roles, role, secrets, others):
    allowed = [(statement["Action"], statement["Resource"]) for statement in statements(roles[role])]
    assert allowed == [
        *others,
        *(("secretsmanager:GetSecretValue", {"Ref": secret}) for secret in secrets),
        ("kms:Decrypt", {"Ref": "SecretsKeyArn"}),
    ]


def test_decrypting_is_granted_only_for_a_key_that_was_named(roles):
    for role in roles.values():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if "Fn::If" in statement:
                    assert statement["Fn::If"][0] == "HasSecretsKey"


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


def test_the_database_is_reached_over_verified_tls_unless_told_otherwise(template):
    assert template["Parameters"]["DatabaseTls"]["Default"] == "verify-full"
