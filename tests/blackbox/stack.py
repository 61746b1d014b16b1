"""The running stack as a client sees it: sign-in, the API through the gateway, the deployed functions."""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import psycopg
from botocore.config import Config

PASSWORD = "Uma-senha-de-teste-42!"
# What the servers under supervision are called.
POSTGRES = "postgres"
REDIS = "redis"


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives."""

    id: str
    access: str
    refresh: str


class FunctionFailed(Exception):
    """A function ended with an error, or was killed, instead of answering."""


class Stack:
    """One running stack, as described by its stack.json."""

    def __init__(self, file: Path) -> None:
        self.description: dict[str, Any] = json.loads(file.read_text())
        self.api_url: str = self.description["api_url"]
        # What tests change behind the application's back shows at once to those alone who won't have what is kept.
        self.http = httpx.Client(timeout=30, headers={"Cache-Control": "no-cache"})
        self.tokens: set[str] = set()
        """All that were given out, or used, in this run."""
        self._signed_in: dict[str, tuple[float, str]] = {}

    def aws(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=self.description["region"],
            endpoint_url=self.description["aws_endpoint_url"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}, read_timeout=60),
        )

    # -------------------------------------------------------------- people

    def user(self, *groups: str, tenant: int | None = None) -> dict[str, Any]:
        """The demo user with exactly these groups, of the nth tenant that has demo users."""
        tenants = list(dict.fromkeys(user["tenant_id"] for user in self.description["users"] if user["tenant_id"]))
        for user in self.description["users"]:
            if sorted(user["groups"]) == sorted(groups) and (tenant is None or user["tenant_id"] == tenants[tenant]):
                return user
        raise LookupError(f"no demo user in {groups} of tenant {tenant}")

    def sign_in(self, email: str, password: str) -> Tokens:
        """Signs in as the dashboard's server does, with the confidential client."""
        client_id = self.description["user_pool_client_id"]
        return self.sign_in_to(client_id, self.description["user_pool_client_secret"], email, password)

    def sign_in_to(self, client_id: str, secret: str, email: str, password: str) -> Tokens:
        digest = hmac.digest(secret.encode(), f"{email}{client_id}".encode(), hashlib.sha256)
        parameters = {"USERNAME": email, "PASSWORD": password, "SECRET_HASH": base64.b64encode(digest).decode()}
        answer = self.aws("cognito-idp").initiate_auth(
            ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )["AuthenticationResult"]
        tokens = Tokens(answer["IdToken"], answer["AccessToken"], answer["RefreshToken"])
        self.tokens |= {tokens.id, tokens.access, tokens.refresh}
        return tokens

    def id_token(self, user: dict[str, Any]) -> str:
        """An ID token of a demo user that is good for ten minutes at least: signs in anew before one ends."""
        signed_in, token = self._signed_in.get(user["email"], (float("-inf"), ""))
        if time.monotonic() > signed_in + 300:
            token = self.sign_in(user["email"], user["password"]).id
            self._signed_in[user["email"]] = (time.monotonic(), token)
        return token

    @contextmanager
    def temporary_user(self, *groups: str, tenant: str | None = None, pool: str | None = None) -> Iterator[str]:
        """The e-mail of a user that exists for a test, with the password PASSWORD."""
        cognito = self.aws("cognito-idp")
        who = {"UserPoolId": pool or self.description["user_pool_id"], "Username": f"{uuid.uuid4()}@example.com"}
        attributes = [{"Name": "email", "Value": who["Username"]}, {"Name": "email_verified", "Value": "true"}]
        if tenant is not None:
            attributes.append({"Name": "custom:tenant_id", "Value": tenant})
        cognito.admin_create_user(**who, UserAttributes=attributes, MessageAction="SUPPRESS")
        try:
            cognito.admin_set_user_password(**who, Password=PASSWORD, Permanent=True)
            for group in groups:
                cognito.admin_add_user_to_group(**who, GroupName=group)
            yield who["Username"]
        finally:
            with suppress(cognito.exceptions.UserNotFoundException):
                cognito.admin_delete_user(**who)

    # -------------------------------------------------------------- the API

    def get(self, path: str, token: str | None = None, params: Any = None, **headers: str) -> httpx.Response:
        return self.send("GET", path, token, params=params, **headers)

    def send(
        self, method: str, path: str, token: str | None = None, body: Any = None, params: Any = None, **headers: str
    ) -> httpx.Response:  # fmt: skip
        """A body goes as JSON; bytes go as they are, with whatever type the headers say."""
        if token is not None:
            headers["Authorization"] = token
            self.tokens.add(token.removeprefix("Bearer "))
        if body is not None and not isinstance(body, bytes):
            headers = {"Content-Type": "application/json"} | headers
            body = json.dumps(body).encode()
        return self.http.request(method, f"{self.api_url}{path}", params=params, headers=headers, content=body)

    def invoke(self, function: str, event: Any) -> Any:
        """What a deployed function answers to an event, with no gateway in between."""
        answer = self.aws("lambda").invoke(
            FunctionName=self.description["functions"][function], Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise FunctionFailed(payload)
        return payload

    def invoke_api(
        self, function: str, path: str, token: str | None, claims: dict | None = None, **event: Any
    ) -> tuple[int, dict]:  # fmt: skip
        """Status and body of a request that never passed the gateway's authorizer, and may say what the gateway never would."""
        headers = {} if token is None else {"Authorization": token}
        context: dict[str, Any] = {
            "resourcePath": path, "httpMethod": "GET", "path": path, "stage": "local", "identity": {},
            "requestId": str(uuid.uuid4()), "accountId": "000000000000", "apiId": "x", "resourceId": "x",
        }  # fmt: skip
        if claims is not None:
            context["authorizer"] = {"claims": claims}
        answer = self.invoke(function, {
            "resource": path, "path": path, "httpMethod": "GET", "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": None, "multiValueQueryStringParameters": None, "pathParameters": None,
            "stageVariables": None, "requestContext": context, "body": None, "isBase64Encoded": False,
        } | event)  # fmt: skip
        return answer["statusCode"], json.loads(answer["body"] or "null")

    # -------------------------------------------------------------- what lies behind it

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        """The database as superuser, who sees what no role of the application does."""
        with psycopg.connect(self.description["database_url"], autocommit=True) as connection:
            connection.execute("SET search_path = alquimista_platform, public")
            connection.execute("SET timezone = 'UTC'")
            yield connection

    def redis(self, *words: str) -> bytes:
        """What Redis answers to a command."""
        url = urlsplit(self.description["redis_url"])
        with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
            for command in (("AUTH", url.password), words, ("QUIT",)):
                parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in command]
                connection.sendall(f"*{len(parts)}\r\n{''.join(parts)}".encode())
            return connection.makefile("rb").read().removeprefix(b"+OK\r\n").removesuffix(b"+OK\r\n")

    def supervise(self, action: str, program: str) -> None:
        """Starts or stops a server of the stack."""
        command = [Path(sys.executable).parent / "supervisorctl", "-s", self.description["supervisor"], action, program]
        subprocess.run(command, check=True, capture_output=True)

    def process_of(self, program: str) -> int:
        """The process of a server of the stack."""
        command = [Path(sys.executable).parent / "supervisorctl", "-s", self.description["supervisor"], "pid", program]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def processes(self, function: str) -> list[int]:
        """The processes of a function of this very stack, which has its own address."""
        own = {
            f"AWS_LAMBDA_FUNCTION_NAME={self.description['functions'][function]}".encode(),
            f"AWS_ENDPOINT_URL={self.description['aws_endpoint_url']}".encode(),
        }
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                try:
                    program = (process / "cmdline").read_bytes().split(b"\0")[0]
                    environment = set((process / "environ").read_bytes().split(b"\0"))
                except OSError:
                    continue  # it has ended, or is somebody else's
                if program.endswith(b"/bootstrap") and own <= environment:
                    found.append(int(process.name))
        return found

    def function_log(self, function: str, since: float) -> list[str]:
        """The lines that a function logged since an instant."""
        logs = self.aws("logs")
        group = self.aws("lambda").get_function_configuration(FunctionName=self.description["functions"][function])
        group_name = group.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{group['FunctionName']}"
        events: list[str] = []
        arguments = {"logGroupName": group_name, "startTime": int(since * 1000)}
        while True:
            answer = logs.filter_log_events(**arguments)
            events += [event["message"] for event in answer["events"]]
            if not answer.get("nextToken"):
                return events
            arguments["nextToken"] = answer["nextToken"]


def until(condition: Any, seconds: float = 30) -> Any:
    """What the condition returns once that is true; asks again until then."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
    return result


def stack_of_environment() -> Stack:
    file = os.environ.get("STACK_FILE")
    if not file:
        raise RuntimeError("STACK_FILE is not set: run these tests with `make test-blackbox`")
    return Stack(Path(file))
