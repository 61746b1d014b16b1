"""`make deploy`: each stack is told what it asks for, by what is written down or by the stacks before it."""

import io
import os
import re
import zipfile
from pathlib import Path

import boto3
import pytest
from conftest import ROOT, read
from samcli.cli.types import CfnParameterOverridesType

from devstack import cloud, release
from devstack.console import Failure

# docs/adr/0014: what each function may hold, and what is left to administrators.
CONNECTIONS_OF_AN_INSTANCE, STREAM_EXECUTIONS, RESERVED = 2, 10, 5


@pytest.fixture(params=cloud.ENVIRONMENTS)
def deployment(request, monkeypatch):
    for variable in cloud.OF_THE_WORKFLOW.values():
        monkeypatch.delenv(variable, raising=False)
    return cloud.read(request.param)


def outputs(stack):
    return {name: f"<{name}>" for name in read(ROOT / stack.template).get("Outputs", {})}


def told(deployment):
    """What each stack is told, in their order; what others give is in angle brackets."""
    given = deployment.given | {"DynamoDbPrefixListId": "pl-0123456789abcdef0", "AlarmTopicArn": "<AlarmTopicArn>"}
    for stack in cloud.STACKS:
        yield stack, cloud.parameters_of(stack, given)
        given |= outputs(stack)


def test_every_stack_gets_what_it_needs(deployment):
    seen = dict(told(deployment))
    assert [stack.template for stack in seen] == [
        "infra/network.yaml", "infra/data.yaml", "template.yaml", "infra/waf.yaml", "infra/web.yaml", "infra/edge.yaml",
        "infra/observability.yaml",
    ]  # fmt: skip
    application = seen[cloud.APPLICATION]
    # What would be left out without a word: its default is "none".
    for name in ("SubnetIds", "SecurityGroupIds", "CacheHost", "CacheSecretArn", "SecretsKeyArn", "DatabaseCaFile", "AlarmTopicArn"):
        assert application[name], name
    assert application["GradualDeployment"] == "true"
    assert application["SubnetIds"] == "<PrivateSubnetIds>"
    assert application["WebOrigin"] == f"https://{deployment.given['DomainName']}"
    assert all("AlarmTopicArn" in parameters for stack, parameters in seen.items() if "AlarmTopicArn" in stack.parameters)


def test_what_is_written_down_is_asked_for_and_allowed(deployment):
    given = {name: value for name, value in deployment.given.items() if name not in ("AccountId", "WebOrigin")}
    asked = {name: it for stack in cloud.STACKS for name, it in stack.parameters.items()}
    asked |= {old: asked[new] for new, old in cloud.ALSO_KNOWN_AS.items() if old not in asked}
    assert set(given) <= set(asked)
    for stack, parameters in told(deployment):
        for name, value in parameters.items():
            declared = stack.parameters[name]
            if value.startswith("<"):
                continue
            assert re.fullmatch(declared.get("AllowedPattern", ".*"), value), (stack.template, name)
            assert value in map(str, declared.get("AllowedValues", [value])), (stack.template, name)
            assert float(value) >= declared["MinValue"] if "MinValue" in declared else True, (stack.template, name)
            assert float(value) <= declared["MaxValue"] if "MaxValue" in declared else True, (stack.template, name)


def test_no_more_instances_than_the_database_has_connections_for(deployment):
    reserved = sum(int(deployment.given[f"{api}ReservedConcurrency"]) for api in ("TenantApi", "InternalApi"))
    reserved += cloud.APPLICATION.parameters["AggregateReservedConcurrency"]["Default"]
    needed = CONNECTIONS_OF_AN_INSTANCE * (reserved + STREAM_EXECUTIONS) + 2
    most = int(deployment.given["DatabaseMaxConnections"])
    assert needed <= most - RESERVED
    table = re.findall(r"\| (\d+)[^|]*\| ([\d,]+)", (ROOT / "docs/adr/0014-no-proxy-in-front-of-the-database.md").read_text())
    assert (deployment.given["MaxCapacity"], most) in [(capacity, int(number.replace(",", ""))) for capacity, number in table]


def test_the_sam_cli_reads_what_it_is_told(deployment):
    read_by_sam = CfnParameterOverridesType()
    for stack, parameters in told(deployment):
        parameters |= {"Hard": 'says "so", a = c, d'}
        assert read_by_sam.convert(tuple(cloud.overrides(parameters)), None, None) == parameters, stack.template


def test_the_migrations_get_all_that_is_in_their_package(tmp_path):
    for name in ("bootstrap", cloud.AUTHORITIES_FILE, "RELEASE"):
        (tmp_path / name).write_text(name)
    with zipfile.ZipFile(io.BytesIO(release._zipped(tmp_path))) as package:
        assert set(package.namelist()) == {"bootstrap", cloud.AUTHORITIES_FILE, "RELEASE"}


def test_what_is_missing_is_named():
    with pytest.raises(Failure, match="infra/web.yaml needs .*CertificateArn"):
        cloud.parameters_of(cloud.WEB, {})
    with pytest.raises(Failure, match="ENV=staging or ENV=production"):
        cloud.read("local")


@pytest.mark.parametrize("begin", [cloud.deploy, cloud.roll_back])
def test_who_has_no_credentials_is_told_so(begin, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(Failure, match="AWS_PROFILE"):
        begin("staging")


@pytest.mark.parametrize("begin", [cloud.deploy, cloud.roll_back])
def test_another_account_is_left_alone(begin, monkeypatch):
    class Other:
        def get_caller_identity(self):
            return {"Account": "999999999999"}

    monkeypatch.setattr(boto3, "client", lambda service, **_: {"sts": Other()}[service])
    with pytest.raises(Failure, match="credentials of account 999999999999"):
        begin("staging")


def test_the_names_are_those_that_the_workflows_role_may_deploy(deployment):
    names = {stack: deployment.name_of(stack) for stack in cloud.STACKS}
    assert all(
        name.startswith(f"painel-{deployment.environment}-") for stack, name in names.items() if stack is not cloud.APPLICATION
    )
    # The cluster and the cache have their stack's name, which has to be in lower case.
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names.values())
    pattern = read(ROOT / "infra" / "ci.yaml")["Parameters"]["ApplicationStackName"]["AllowedPattern"]
    assert re.fullmatch(pattern, names[cloud.APPLICATION])


def test_what_is_in_us_east_1_alone_goes_there():
    abroad = {stack.template for stack in cloud.STACKS if stack.in_global_region}
    assert abroad == {"infra/waf.yaml", "infra/edge.yaml"}
    for stack in cloud.STACKS:
        rules = str(read(ROOT / stack.template).get("Rules", {}))
        assert ("us-east-1" in rules) == stack.in_global_region, stack.template


def test_the_build_is_where_the_templates_look_for_it():
    server = read(ROOT / "infra" / "web.yaml")["Resources"]["Server"]["Properties"]
    assert (ROOT / "infra" / server["Code"]).resolve() == cloud.SERVER_PACKAGE
    assert server["Environment"]["Variables"]["GUIDE_DIR"] == "guia"
    for environment in cloud.ENVIRONMENTS:
        assert Path(cloud.read(environment).given["DatabaseCaFile"]) == Path("/var/task") / cloud.AUTHORITIES_FILE
