"""Tokens that are none: refused by the gateway where it looks, and by the function where it doesn't."""

import time
from collections.abc import Iterator

import jwt
import pytest
from forgery import ME, ROUTES, assert_refused_twice, forged, without_algorithm
from problems import assert_problem
from stack import PASSWORD, Stack, Tokens


@pytest.fixture(scope="module")
def signed_in(stack: Stack) -> Tokens:
    user = stack.user("TENANT_ADMIN", tenant=0)
    return stack.sign_in(user["email"], user["password"])


def test_the_function_accepts_what_the_gateway_accepts(stack: Stack, signed_in: Tokens) -> None:
    assert stack.get(ME, signed_in.id).status_code == 200
    assert stack.get(ME, f"Bearer {signed_in.id}").status_code == 200
    assert stack.invoke_api("tenant", ME, signed_in.id)[0] == 200
    user = stack.user("INTERNAL_SUPPORT")
    internal = stack.sign_in(user["email"], user["password"])
    assert stack.invoke_api("internal", ROUTES["internal"], internal.id)[0] == 200
    assert stack.invoke_api("internal", ROUTES["internal"], internal.access)[0] == 401


@pytest.mark.parametrize("token", [None, "", "x", "Bearer", "a.b.c", "Basic dTpw"])
def test_no_token_and_garbage(stack: Stack, token: str | None) -> None:
    assert_refused_twice(stack, token)


def test_forged_claims(stack: Stack, signed_in: Tokens) -> None:
    other = stack.user("TENANT_ADMIN", tenant=1)["tenant_id"]
    assert_refused_twice(stack, forged(signed_in.id, **{"cognito:groups": ["INTERNAL_ADMIN"]}))
    assert_refused_twice(stack, forged(signed_in.id, **{"custom:tenant_id": other}))
    assert_refused_twice(stack, forged(signed_in.id, exp=int(time.time()) + 10**6))


def test_no_algorithm(stack: Stack, signed_in: Tokens) -> None:
    assert_refused_twice(stack, without_algorithm(signed_in.id))
    assert_refused_twice(stack, without_algorithm(forged(signed_in.id, **{"cognito:groups": ["INTERNAL_ADMIN"]})))


def test_a_key_of_ones_own(stack: Stack, signed_in: Tokens) -> None:
    claims = jwt.decode(signed_in.id, options={"verify_signature": False})
    header = jwt.get_unverified_header(signed_in.id)
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert_refused_twice(stack, jwt.encode(claims, key, "RS256", headers={"kid": header["kid"]}))


def test_an_access_token_is_refused_by_the_function(stack: Stack, signed_in: Tokens) -> None:
    assert_problem(stack.get(ME, signed_in.access), 401, "unauthorized")
    assert stack.invoke_api("tenant", ME, signed_in.access)[0] == 401


def test_claims_in_the_event_are_no_token(stack: Stack, signed_in: Tokens) -> None:
    claims = {"sub": "x", "cognito:groups": "INTERNAL_ADMIN", "token_use": "id"}
    for function, route in ROUTES.items():
        assert stack.invoke_api(function, route, None, claims)[0] == 401
    assert stack.invoke_api("tenant", ME, signed_in.id, claims)[0] == 401


@pytest.fixture
def another_client(stack: Stack) -> Iterator[tuple[str, str]]:
    """An app client of the same pool that is not ours."""
    cognito = stack.aws("cognito-idp")
    pool = stack.description["user_pool_id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="another", GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]  # fmt: skip
    yield client["ClientId"], client["ClientSecret"]
    cognito.delete_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])


def test_a_token_for_another_client_of_the_pool(stack: Stack, another_client: tuple[str, str]) -> None:
    user = stack.user("TENANT_ADMIN", tenant=0)
    token = stack.sign_in_to(*another_client, user["email"], user["password"]).id
    # The gateway lets every client of the pool through; the function doesn't.
    assert_problem(stack.get(ME, token), 401, "unauthorized")


def test_a_token_of_another_pool(stack: Stack) -> None:
    cognito = stack.aws("cognito-idp")
    schema = [{"Name": "tenant_id", "AttributeDataType": "String", "Mutable": True}]
    pool = cognito.create_user_pool(PoolName="another", UsernameAttributes=["email"], Schema=schema)["UserPool"]["Id"]
    try:
        cognito.create_group(UserPoolId=pool, GroupName="INTERNAL_ADMIN")
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="theirs", GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]  # fmt: skip
        tenant = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
        with stack.temporary_user("INTERNAL_ADMIN", tenant=tenant, pool=pool) as email:
            token = stack.sign_in_to(client["ClientId"], client["ClientSecret"], email, PASSWORD).id
            assert_refused_twice(stack, token)
    finally:
        cognito.delete_user_pool(UserPoolId=pool)


@pytest.mark.parametrize("tenant", [None, "not-a-uuid-but-long-enough-to-be-one1"])
def test_a_tenant_user_without_a_valid_tenant(stack: Stack, tenant: str | None) -> None:
    with stack.temporary_user("TENANT_ADMIN", tenant=tenant) as email:
        token = stack.sign_in(email, PASSWORD).id
        assert_problem(stack.get(ME, token), 403, "tenant_denied")
        own = stack.user("TENANT_ADMIN", tenant=0)["tenant_id"]
        assert_problem(stack.get(ME, token, {"tenant_id": own}), 403, "tenant_denied")


def test_rights_are_the_union_of_the_groups(stack: Stack) -> None:
    """Several groups reach the function as one text, `[A B]`."""
    a, b = (stack.user("TENANT_ADMIN", tenant=index)["tenant_id"] for index in (0, 1))
    with stack.temporary_user("TENANT_USER", "INTERNAL_SUPPORT", tenant=a) as email:
        token = stack.sign_in(email, PASSWORD).id
        assert stack.get(ME, token).json()["id"] == a
        assert stack.get(ME, token, {"tenant_id": b}).json()["id"] == b


def test_tokens_live_fifteen_minutes(signed_in: Tokens) -> None:
    for token in (signed_in.id, signed_in.access):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 15 * 60


def test_sign_in_does_not_tell_whether_an_account_exists(stack: Stack) -> None:
    cognito = stack.aws("cognito-idp")
    messages = set()
    for email in (stack.user("TENANT_USER", tenant=0)["email"], "nobody-at-all@example.com"):
        with pytest.raises(cognito.exceptions.NotAuthorizedException) as refused:
            stack.sign_in(email, "Uma-senha-errada-99!")
        messages.add(refused.value.response["Error"]["Message"])
    assert len(messages) == 1, messages
