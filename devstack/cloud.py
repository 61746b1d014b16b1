"""Deploys to an AWS account: every stack in its order, with what those before it give; and goes back."""

import mimetypes
import os
import shutil
import subprocess
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cfnlint.decode import cfn_yaml

from devstack import build, release, tools, web
from devstack.config import LAMBDAS, ROOT, TOOLS_BIN, cargo_environment
from devstack.console import Failure, say, step
from devstack.emulator import LONGEST_INVOCATION

ENVIRONMENTS = ("staging", "production")
# Where CloudFront takes certificates, web ACLs and logs from.
GLOBAL_REGION = "us-east-1"
# The authorities of Amazon's databases, which no system knows by itself.
AUTHORITIES = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
AUTHORITIES_FILE = "rds-ca.pem"
# The build of the dashboard's server, where infra/web.yaml looks for it.
SERVER_PACKAGE = ROOT / "target" / "web-lambda"


@dataclass(frozen=True)
class Stack:
    """A template, and what its stack is for; the application's has a name of its own."""

    template: str
    suffix: str = ""
    in_global_region: bool = False

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """What it declares, by name."""
        return cfn_yaml.load(str(ROOT / self.template)).get("Parameters", {})


ACCOUNT = Stack("infra/account.yaml", "account")
APPLICATION = Stack("template.yaml")
BEFORE = (Stack("infra/network.yaml", "network"), Stack("infra/data.yaml", "data"))
WEB = Stack("infra/web.yaml", "web")
# The alarms of the region go to a topic that is there before: infra/account.yaml, once for an account.
AFTER = (
    Stack("infra/waf.yaml", "waf", in_global_region=True),
    WEB,
    Stack("infra/edge.yaml", "edge", in_global_region=True),
    Stack("infra/observability.yaml", "observability"),
)
STACKS = (*BEFORE, APPLICATION, *AFTER)

# What a stack calls what another one gives under another name.
ALSO_KNOWN_AS = {
    "SubnetIds": "PrivateSubnetIds",
    "SecurityGroupIds": "FunctionSecurityGroupId",
    "ApiStageName": "StageName",
    "CacheMaxGigabytes": "CacheMaxStorageGb",
}


# What a workflow knows of its account (outputs of infra/ci.yaml), by the parameters that it becomes.
OF_THE_WORKFLOW = {"PermissionsBoundaryArn": "PERMISSIONS_BOUNDARY_ARN"}


@dataclass
class Deployment:
    """One environment in one account."""

    environment: str
    region: str
    stack_name: str
    given: dict[str, str]
    """What infra/<environment>.toml says, and what the stacks so far gave, by the names of parameters."""

    def client(self, service: str) -> Any:
        # Migrations may take as long as a function can; asked again by itself, a second one would begin.
        patient = Config(read_timeout=LONGEST_INVOCATION + 10, retries={"total_max_attempts": 1})
        return boto3.client(service, region_name=self.region, config=patient)

    def name_of(self, stack: Stack) -> str:
        if stack is APPLICATION:
            return self.stack_name
        # An account has one for all its environments.
        return "painel-account" if stack is ACCOUNT else f"painel-{self.environment}-{stack.suffix}"

    def region_of(self, stack: Stack) -> str:
        return GLOBAL_REGION if stack.in_global_region else self.region

    def outputs(self, stack: Stack, region: str | None = None) -> dict[str, str] | None:
        """What it gives; None: it isn't there."""
        formation = boto3.client("cloudformation", region_name=region or self.region_of(stack))
        try:
            (found,) = formation.describe_stacks(StackName=self.name_of(stack))["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def read(environment: str) -> Deployment:
    """An environment as samconfig.toml and infra/ describe it."""
    if environment not in ENVIRONMENTS:
        raise Failure(f"Which environment? ENV={' or ENV='.join(ENVIRONMENTS)}")
    common = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]["global"]["parameters"]
    given = tomllib.loads((ROOT / "infra" / f"{environment}.toml").read_text())
    values = {name: str(value) for name, value in given.items()}
    # What follows from the rest.
    values |= {"WebOrigin": f"https://{values['DomainName']}", "ApplicationStackName": common["stack_name"]}
    values |= {name: os.environ[variable] for name, variable in OF_THE_WORKFLOW.items() if variable in os.environ}
    return Deployment(environment, common["region"], common["stack_name"], values)


def parameters_of(stack: Stack, given: dict[str, str]) -> dict[str, str]:
    """What the stack is told: of what is given, what it asks for. Raises Failure if something is missing."""
    told, missing = {}, []
    for name, declared in stack.parameters.items():
        value = given.get(name, given.get(ALSO_KNOWN_AS.get(name, "")))
        if value is not None:
            told[name] = value
        elif "Default" not in declared:
            missing.append(name)
    if missing:
        raise Failure(f"{stack.template} needs {', '.join(missing)}: nothing in infra/<environment>.toml or in another stack says it.")
    return told


def overrides(told: dict[str, str]) -> list[str]:
    """The same for the SAM CLI, which ends a value at a blank unless it is quoted."""
    quoted = {name: value.replace('"', '\\"') for name, value in told.items()}
    return [f'{name}="{value}"' for name, value in quoted.items()]


def deploy(environment: str) -> None:
    """Brings the environment to what the working copy says; what is as it should be is left alone."""
    deployment = read(environment)
    _ask_account(deployment)
    say(f"Deploying to {environment}: account {deployment.given['AccountId']}, region {deployment.region}.")
    with step("Building the functions for arm64"):
        _build_functions()
    with step("Building the dashboard"):
        _build_server()

    deployment.given.setdefault("DynamoDbPrefixListId", _prefix_list(deployment))
    for stack in BEFORE:
        _deploy(deployment, stack)
    package = build.PACKAGES / LAMBDAS[-1]
    existing = deployment.outputs(APPLICATION)
    if existing:
        with step("Changing the schema"):
            say(f"  {release.migrate_first(deployment.client, existing['MigrateFunctionName'], package)}")
    outputs = _deploy(deployment, APPLICATION)
    if not existing:
        with step("Making the schema"):
            say(f"  {release.migrate_first(deployment.client, outputs['MigrateFunctionName'], package)}")
    for stack in AFTER:
        _deploy(deployment, stack)
    # The first time there was no bucket before.
    with step("Copying static files"):
        _copy_static(deployment)
    with step("Asking whether it works"):
        smoke_test(deployment.given["ApiUrl"], deployment.given["WebUrl"])
    say(f"\n✓ Deployed. The dashboard is {deployment.given['WebUrl']}; to go back: make rollback ENV={environment}")


def roll_back(environment: str) -> None:
    """Sends all callers to the version of the functions before this one."""
    deployment = read(environment)
    _ask_account(deployment)
    outputs = deployment.outputs(APPLICATION)
    if outputs is None:
        raise Failure(f"There is no stack {deployment.stack_name} in {deployment.region}.")
    for function, (now, before) in release.roll_back(deployment.client, outputs).items():
        say(f"{function}: version {now} → {before}")
    say(f"\n✓ Gone back. The schema is as it was. Now put the repository in order, and: make deploy ENV={environment}")


def smoke_test(api_url: str, web_url: str) -> None:
    """Raises Failure unless the API refuses a stranger, by itself and through the dashboard, which shows its sign-in page."""
    for url, expected in ((f"{api_url}/tenant/me", 401), (f"{web_url}/api/tenant/me", 401), (f"{web_url}/auth/login", 200)):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        if status != expected:
            raise Failure(f"{url} answered {status} instead of {expected}.")


def _ask_account(deployment: Deployment) -> None:
    """Raises Failure unless the credentials at hand are of the environment's account."""
    try:
        account = boto3.client("sts", region_name=deployment.region).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"AWS doesn't know who you are: {error}. Sign in, name the profile in AWS_PROFILE, and try again.") from error
    if account != (expected := deployment.given["AccountId"]):
        raise Failure(f"These are credentials of account {account}, but {deployment.environment} is in {expected}.")


def _deploy(deployment: Deployment, stack: Stack) -> dict[str, str]:
    """Deploys one stack, and notes what it gives."""
    name, region = deployment.name_of(stack), deployment.region_of(stack)
    # Alarms go to the topic of their region.
    topic = (deployment.outputs(ACCOUNT, region) or {}).get("AlarmTopicArn", "")
    told = parameters_of(stack, deployment.given | {"AlarmTopicArn": topic})
    with step(f"Deploying {name} ({stack.template})"):
        if stack is WEB:
            # Pages that are open ask for the files of their build, so that new ones are there before, and old ones stay.
            _copy_static(deployment)
        role = os.environ.get("CLOUDFORMATION_ROLE_ARN")
        bucket = os.environ.get("PACKAGES_BUCKET")
        _execute([
            TOOLS_BIN / "sam", "deploy", "--template-file", stack.template, "--stack-name", name,
            "--region", region, "--no-confirm-changeset", "--no-fail-on-empty-changeset",
            "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
            *(["--role-arn", role] if role else []),
            *(["--s3-bucket", bucket] if bucket and not stack.in_global_region else ["--resolve-s3"]),
            *(["--parameter-overrides", *overrides(told)] if told else []),
        ])  # fmt: skip
    outputs = deployment.outputs(stack) or {}
    deployment.given |= outputs
    return outputs


def _prefix_list(deployment: Deployment) -> str:
    """The addresses of DynamoDB in the region, as security groups name them."""
    filters = [{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{deployment.region}.dynamodb"]}]
    (found,) = deployment.client("ec2").describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return found["PrefixListId"]


def _build_functions() -> None:
    scripts = tools.ensure(tools.CLOUD).parent
    environment = {**cargo_environment(), "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]])}
    packages = [option for name in LAMBDAS for option in ("--package", name)]
    _execute(["cargo", "lambda", "build", "--locked", "--release", "--arm64", "--lambda-dir", build.PACKAGES, *packages], environment)
    with urllib.request.urlopen(AUTHORITIES, timeout=30) as answer:
        authorities = answer.read()
    if b"BEGIN CERTIFICATE" not in authorities:
        raise Failure(f"{AUTHORITIES} has no certificates.")
    described = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    described_as = subprocess.run(described, cwd=ROOT, capture_output=True, check=True).stdout
    for name in LAMBDAS:
        (build.PACKAGES / name / AUTHORITIES_FILE).write_bytes(authorities)
        # Makes each release a version of every function, also of those that it doesn't change: going back goes one step
        # back with all.
        (build.PACKAGES / name / "RELEASE").write_bytes(described_as)


def _build_server() -> None:
    """Puts together what the server's function runs."""
    web.build()
    shutil.rmtree(SERVER_PACKAGE, ignore_errors=True)
    shutil.copytree(web.BUILD, SERVER_PACKAGE, symlinks=True)
    for file in (ROOT / "infra" / "web").iterdir():
        shutil.copy2(file, SERVER_PACKAGE / file.name)
    (SERVER_PACKAGE / "run.sh").chmod(0o755)


def _copy_static(deployment: Deployment) -> None:
    outputs = deployment.outputs(WEB)
    if outputs is None:
        return
    bucket, static = deployment.client("s3"), SERVER_PACKAGE / ".next" / "static"
    for file in sorted(static.rglob("*")):
        if file.is_file():
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            # Names have a digest of what is in them.
            headers = {"ContentType": kind, "CacheControl": "public, max-age=31536000, immutable"}
            bucket.upload_file(str(file), outputs["StaticBucketName"], f"_next/static/{file.relative_to(static)}", ExtraArgs=headers)


def _execute(command: list[str | Path], environment: dict[str, str] | None = None) -> None:
    if subprocess.run(command, cwd=ROOT, env=environment or {**os.environ, "SAM_CLI_TELEMETRY": "0"}).returncode != 0:
        raise Failure(f"Failed: {' '.join(map(str, command[:4]))} …; its message is above.")
