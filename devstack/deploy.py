"""Deploys the template to the emulator and runs the migrations, as a deployment to AWS does."""

import json
import os
import tempfile

from cfnlint.decode import cfn_yaml

from devstack import emulator
from devstack.config import ARCHITECTURE, DATABASE, MIGRATOR, REGION, ROLES, ROOT, STACK_NAME, STAGE, TOOLS_BIN
from devstack.console import run_logged
from devstack.instance import Instance
from devstack.release import ALIAS

BUCKET = "painel-local-artifacts"
# The name of the policy that the template doesn't have.
EMULATORS_OWN = "EmulatorsOwn"
INTEGRATION_SECRETS = f"painel/{STAGE}/integration/"


def deploy(instance: Instance) -> dict[str, str]:
    """Deploys with the instance's parameters; returns the stack's outputs."""
    s3 = emulator.client(instance, "s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    arns = {
        login: _put_secret(
            instance, f"database/{login}", {"username": login, "password": instance.passwords[login]}
        )
        for login in (MIGRATOR, *ROLES)
    }
    cache = _put_secret(instance, "cache", {"password": instance.passwords["redis"]})
    parameters = {
        **_defaults(),
        "StageName": STAGE,
        "WebOrigin": instance.web_url,
        "Architecture": ARCHITECTURE,
        "UserPoolDeletionProtection": "INACTIVE",
        "TableDeletionProtection": "INACTIVE",
        "CognitoEndpoint": instance.endpoint,
        "DatabaseHost": "127.0.0.1",
        "DatabasePort": str(instance.ports["postgres"]),
        "DatabaseName": DATABASE,
        "DatabaseCaFile": str(instance.authority),
        "DatabaseTls": "verify-full",
        "DatabaseMigratorSecretArn": arns[MIGRATOR],
        "DatabaseTenantSecretArn": arns["app_tenant"],
        "DatabaseInternalSecretArn": arns["app_internal"],
        "DatabaseCommandsSecretArn": arns["app_commands"],
        "DatabaseJobsSecretArn": arns["app_jobs"],
        "DatabaseRoleSecretArns": ",".join(arns[role] for role in ROLES),
        "CacheHost": "127.0.0.1",
        "CachePort": str(instance.ports["redis"]),
        "CacheTls": "disable",
        "CacheSecretArn": cache,
        "IntegrationSecretsPrefix": INTEGRATION_SECRETS,
        "DemoResources": "true",
        # Short, for nobody wants to wait ten minutes to see what becomes of a command whose execution was killed.
        "CommandLeaseSeconds": "10",
        "CommandClockSkewSeconds": "2",
        "CommandRetryWindowSeconds": "60",
        # Tests ask for a lot as few users: they have plenty from the start, of which next to nothing comes back. The rule that
        # holds elsewhere is tested on the functions' own routers; here, what becomes of one who has nothing left.
        **{f"{whose}LimitBurst": "1000000" for whose in ("User", "Tenant")},
        **{f"{whose}LimitPerSecond": "1" for whose in ("User", "Tenant")},
        # The emulator deploys no alarm on a calculation.
        "CommandErrorPercentAlarm": "0",
    }
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    options = ["--config-env", "local", "--s3-bucket", BUCKET, "--parameter-overrides", *overrides]
    # SAM leaves temporary folders behind.
    with tempfile.TemporaryDirectory() as temporary:
        run_logged(
            [TOOLS_BIN / "sam", "deploy", *options],
            instance.logs / "deploy.log",
            cwd=ROOT,
            env={**os.environ, **emulator.environment(instance), "SAM_CLI_TELEMETRY": "0", "TMPDIR": temporary},
        )
    given = outputs(instance)
    _allow_batches(instance, given)
    _repeat_as_aliases_do(instance, given)
    return given


def outputs(instance: Instance) -> dict[str, str]:
    """What the deployed stack gives."""
    stack = emulator.client(instance, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def migrate(instance: Instance, function: str) -> dict:
    """Invokes the migrations; returns what they report."""
    return emulator.invoke(instance, function, {})


def _allow_batches(instance: Instance, outputs: dict[str, str]) -> None:
    """SQS allows a batch to whoever may do each of its parts; the emulator asks for a right of its own (it's no action of AWS's)."""
    function = emulator.client(instance, "lambda").get_function_configuration(FunctionName=outputs["ProcessCommandFunctionName"])
    sqs, statements = emulator.client(instance, "sqs"), []
    for queue, action in (("DemoQueueUrl", "SendMessageBatch"), ("DemoDeadLetterQueueUrl", "DeleteMessageBatch")):
        attributes = sqs.get_queue_attributes(QueueUrl=outputs[queue], AttributeNames=["QueueArn"])["Attributes"]
        statements.append({"Effect": "Allow", "Action": f"sqs:{action}", "Resource": attributes["QueueArn"]})
    emulator.client(instance, "iam").put_role_policy(
        RoleName=function["Role"].rpartition("/")[2],
        PolicyName=EMULATORS_OWN,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )


def _repeat_as_aliases_do(instance: Instance, outputs: dict[str, str]) -> None:
    """The emulator repeats what failed, and keeps it, for functions without an alias alone; with AWS the alias's word counts."""
    functions = emulator.client(instance, "lambda")
    for name in ("AggregateFunctionName", "ProcessCommandFunctionName"):
        config = functions.get_function_event_invoke_config(FunctionName=outputs[name], Qualifier=ALIAS)
        kept = {key: config[key] for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig") if key in config}
        functions.put_function_event_invoke_config(FunctionName=outputs[name], **kept)


def _defaults() -> dict[str, str]:
    """The template's defaults, spelled out: for a stack that exists, SAM keeps the values of its last deployment."""
    declared = cfn_yaml.load(str(ROOT / "template.yaml"))["Parameters"]
    return {name: str(it["Default"]) for name, it in declared.items() if it.get("Default", "") != ""}


def _put_secret(instance: Instance, name: str, content: dict[str, str]) -> str:
    """Stores credentials as infra/ does in the cloud; returns the secret's ARN."""
    secrets = emulator.client(instance, "secretsmanager")
    name = f"painel/{STAGE}/{name}"
    value = json.dumps(content)
    try:
        return secrets.create_secret(Name=name, SecretString=value)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        current = secrets.get_secret_value(SecretId=name)
        if current["SecretString"] != value:
            secrets.put_secret_value(SecretId=name, SecretString=value)
        return current["ARN"]
