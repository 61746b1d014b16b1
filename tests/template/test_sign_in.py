"""The user pool: who may make accounts, what a client may do, how long a token lives."""

import pytest


@pytest.fixture(scope="module")
def pool(properties):
    return properties("UserPool")


@pytest.fixture(scope="module")
def app_clients(of_type):
    return list(of_type("AWS::Cognito::UserPoolClient").values())


def test_only_administrators_make_accounts(pool):
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_people_sign_in_with_their_email_in_any_case(pool):
    assert pool["UsernameAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}


def test_a_second_factor_is_offered(pool):
    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_passwords_are_strong(pool):
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))


def test_the_messages_carry_what_cognito_fills_in(pool):
    invitation = pool["AdminCreateUserConfig"]["InviteMessageTemplate"]["EmailMessage"]
    assert "{username}" in invitation and "{####}" in invitation
    assert "{####}" in pool["VerificationMessageTemplate"]["EmailMessage"]


def test_the_pool_outlives_its_stack(template, pool):
    assert template["Resources"]["UserPool"]["DeletionPolicy"] == "Retain"
    assert template["Resources"]["UserPool"]["UpdateReplacePolicy"] == "Retain"
    assert pool["DeletionProtection"] == {"Ref": "UserPoolDeletionProtection"}
    assert template["Parameters"]["UserPoolDeletionProtection"]["Default"] == "ACTIVE"


def test_the_groups_are_the_contracts(of_type):
    groups = of_type("AWS::Cognito::UserPoolGroup").values()
    assert {group["GroupName"] for group in groups} == {
        "INTERNAL_ADMIN",
        "INTERNAL_SUPPORT",
        "TENANT_ADMIN",
        "TENANT_USER",
    }
    # A group with a role would hand out AWS credentials.
    assert not any("RoleArn" in group for group in groups)


def test_administrators_may_set_the_tenant(pool):
    (attribute,) = pool["Schema"]
    assert (attribute["Name"], attribute["Mutable"]) == ("tenant_id", True)


def test_no_client_may_write_the_tenant_or_the_email(app_clients):
    for client in app_clients:
        # An absent list would mean every attribute.
        assert client["WriteAttributes"] == ["name"]


def test_the_id_token_carries_the_tenant(app_clients):
    assert all("custom:tenant_id" in client["ReadAttributes"] for client in app_clients)


def test_clients_are_confidential_and_keep_accounts_secret(app_clients):
    for client in app_clients:
        assert client["GenerateSecret"] is True
        assert client["PreventUserExistenceErrors"] == "ENABLED"
        assert client["EnableTokenRevocation"] is True


def test_clients_use_the_three_flows_of_the_contract(app_clients):
    for client in app_clients:
        assert set(client["ExplicitAuthFlows"]) == {
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        }


def test_id_and_access_tokens_live_15_minutes(app_clients):
    for client in app_clients:
        assert (client["IdTokenValidity"], client["TokenValidityUnits"]["IdToken"]) == (15, "minutes")
        assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (15, "minutes")
