"""The AWS emulator: its process, and clients that talk to it."""

import json
import urllib.request
from typing import Any

import boto3
from botocore.config import Config

from devstack.config import REGION, TOOLS_BIN
from devstack.console import Failure
from devstack.instance import Instance
from devstack.supervisor import Program

NAME = "emulator"
# The emulator takes any credentials; these never leave the machine.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
# Some functions may run this long in the template, so their caller must wait as long.
LONGEST_INVOCATION = 900


def environment(instance: Instance) -> dict[str, str]:
    """What any AWS client needs to reach the emulator instead of AWS."""
    return {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": instance.endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def program(instance: Instance) -> Program:
    home = instance.data / NAME
    directories = {"TMPDIR": home / "tmp", "STATE_DIR": home / "state", "S3_DATA_DIR": home / "s3"}
    for directory in directories.values():
        directory.mkdir(parents=True, exist_ok=True)
    return Program(
        name=NAME,
        command=[str(TOOLS_BIN / "ministack")],
        # Functions inherit this environment, and nothing else: supervisord's own is as empty.
        environment={
            **environment(instance),
            **{name: str(directory) for name, directory in directories.items()},
            "HOME": str(home),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(instance.ports[NAME]),
            "MINISTACK_REGION": REGION,
            # Each function acts under its role, and may do what its policies say.
            "AUTH": "true",
            # Who called what, for the tests to compare with what was granted.
            "CLOUDTRAIL_RECORDING": "1",
            "CLOUDTRAIL_MAX_EVENTS": "100000",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            # Services with listeners of their own, which nothing here uses.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        },
    )


def forget_streams(instance: Instance) -> None:
    """Has streams read from their beginning when the emulator starts: it keeps how far they were read, not the records."""
    state = instance.data / NAME / "state" / "lambda.json"
    if state.exists():
        kept = json.loads(state.read_text())
        kept["payload"].pop("dynamodb_stream_positions", None)
        state.write_text(json.dumps(kept))


def ask(instance: Instance) -> None:
    """Raises if the emulator doesn't answer."""
    with urllib.request.urlopen(f"{instance.endpoint}/_ministack/health", timeout=3) as answer:
        answer.read()


def client(instance: Instance, service: str) -> Any:
    """An AWS client of the emulator. Repeating a call that failed would hide what is wrong here."""
    return boto3.client(
        service,
        endpoint_url=instance.endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(read_timeout=LONGEST_INVOCATION, retries={"total_max_attempts": 1}),
    )


def invoke(instance: Instance, function: str, event: dict) -> dict:
    """What a deployed function answers to an event; raises Failure with its error if it failed."""
    answer = client(instance, "lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    report = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        message = report.get("errorMessage", report) if isinstance(report, dict) else report
        raise Failure(f"{function} failed: {message}", instance.logs / f"{NAME}.log")
    return report
