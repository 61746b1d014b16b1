"""Demo users: made in the user pool as an administrator makes them, and signed in as a browser's backend does."""

import base64
import hashlib
import hmac
import json
import subprocess

from devstack import build, emulator
from devstack.config import DATABASE, MIGRATOR
from devstack.console import Failure, say
from devstack.instance import Instance, write_private


def create(instance: Instance, pool_id: str) -> list[dict]:
    """Makes the users that the demo data lists, or brings existing ones into line; returns them with their subjects."""
    listed = subprocess.run([build.binary("demo-data"), "users"], capture_output=True, text=True)
    if listed.returncode != 0:
        raise Failure(f"The demo data's users can't be listed: {listed.stderr.strip()}")
    users = json.loads(listed.stdout)
    cognito = emulator.client(instance, "cognito-idp")
    for user in users:
        who = {"UserPoolId": pool_id, "Username": user["email"]}
        attributes = {"email": user["email"], "email_verified": "true", "name": user["full_name"]}
        if user["tenant_id"]:
            attributes["custom:tenant_id"] = user["tenant_id"]
        named = [{"Name": name, "Value": value} for name, value in attributes.items()]
        try:
            cognito.admin_create_user(**who, UserAttributes=named, MessageAction="SUPPRESS")
        except cognito.exceptions.UsernameExistsException:
            cognito.admin_update_user_attributes(**who, UserAttributes=named)
        cognito.admin_set_user_password(**who, Password=instance.passwords["demo"], Permanent=True)
        for group in user["groups"]:
            cognito.admin_add_user_to_group(**who, GroupName=group)
        found = cognito.admin_get_user(**who)["UserAttributes"]
        user["sub"] = next(attribute["Value"] for attribute in found if attribute["Name"] == "sub")
    return users


def load_demo_data(instance: Instance, users: list[dict]) -> None:
    """Fills an empty database; its progress goes to the terminal."""
    listing = instance.data / "demo-users.json"
    write_private(listing, json.dumps(users))
    database = instance.database_url(MIGRATOR, DATABASE)
    command = [build.binary("demo-data"), "load", "--users", listing, "--database-url", database]
    if subprocess.run(command).returncode != 0:
        raise Failure("The demo data could not be loaded; the message is above.")


def id_token(instance: Instance, email: str) -> str:
    """Signs a demo user in."""
    stack = instance.stack()
    user = next((user for user in stack["users"] if user["email"] == email), None)
    if user is None:
        known = "\n".join(f"  {user['email']}" for user in stack["users"])
        raise Failure(f"There is no demo user {email!r}. There are:\n{known}")
    client_id = stack["user_pool_client_id"]
    digest = hmac.digest(stack["user_pool_client_secret"].encode(), f"{email}{client_id}".encode(), hashlib.sha256)
    answer = emulator.client(instance, "cognito-idp").initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={
            "USERNAME": email,
            "PASSWORD": user["password"],
            "SECRET_HASH": base64.b64encode(digest).decode(),
        },
    )
    return answer["AuthenticationResult"]["IdToken"]


def erase(instance: Instance, email: str) -> None:
    """Forgets a person, in the order of docs/LGPD.md: whatever fails, it can be done again from the start."""
    stack = instance.stack()
    cognito = emulator.client(instance, "cognito-idp")
    who = {"UserPoolId": stack["user_pool_id"], "Username": email}
    try:
        attributes = cognito.admin_get_user(**who)["UserAttributes"]
    except cognito.exceptions.UserNotFoundException:
        raise Failure(f"There is no user {email!r}.") from None
    sub = next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")
    cognito.admin_user_global_sign_out(**who)
    cognito.admin_disable_user(**who)
    answer = emulator.invoke(instance, stack["functions"]["migrate"], {"erase_user": sub})
    cognito.admin_delete_user(**who)
    say(f"Erased: {sub} is nobody's any more" + (f", of tenant {answer['tenant_id']}." if answer["erased"] else "."))
