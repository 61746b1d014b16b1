"""GitHub's workflows: they hold no more rights than they need, and run what is pinned and what is there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
NAMES = ("test", "deploy")


@pytest.fixture(scope="module", params=NAMES)
def text(request):
    return (WORKFLOWS / f"{request.param}.yml").read_text()


@pytest.fixture(scope="module")
def workflow():
    return lambda name: yaml.load((WORKFLOWS / f"{name}.yml").read_text(), yaml.BaseLoader)


def steps(workflow):
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


def test_every_workflow_is_tested():
    assert {file.stem for file in WORKFLOWS.iterdir()} == set(NAMES)


def test_a_workflow_may_read_the_code_and_no_more(workflow):
    for name in NAMES:
        assert workflow(name)["permissions"] == {"contents": "read"}
    extended = {
        (name, job): content["permissions"]
        for name in NAMES
        for job, content in workflow(name)["jobs"].items()
        if "permissions" in content
    }
    # The token that AWS takes instead of a key.
    assert extended == {("deploy", "deploy"): {"contents": "read", "id-token": "write"}}


def test_code_of_strangers_gets_no_rights(workflow):
    assert set(workflow("test")["on"]) == {"push", "pull_request", "workflow_call"}
    assert set(workflow("deploy")["on"]) == {"workflow_dispatch", "push"}
    assert set(workflow("deploy")["on"]["push"]) == {"tags"}


def test_no_secret_is_needed(text):
    assert "secrets." not in text
    assert "secrets:" not in text


def test_every_action_is_a_commit(text):
    used = re.findall(r"uses: (.+)", text)
    assert used
    for it in used:
        local = it.startswith("./.github/workflows/")
        assert local or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", it), it


def test_shells_see_no_expression(workflow):
    """What GitHub puts into a script before the shell reads it is a script too."""
    for name in NAMES:
        for step in steps(workflow(name)):
            assert "${{" not in step.get("run", ""), step


def test_the_token_of_the_checkout_is_not_left_behind(workflow):
    for name in NAMES:
        for step in steps(workflow(name)):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false"


def test_rust_is_the_one_that_the_workspace_asks_for(workflow):
    wanted = re.search(r'^rust-version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    for name in NAMES:
        for job in workflow(name)["jobs"].values():
            if "steps" in job:
                assert job["container"] == f"rust:{wanted}-bookworm"


def test_every_command_is_there(workflow):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    checks = set(re.findall(r'^    "([a-z0-9]+)": Check\(', (ROOT / "devstack" / "checks.py").read_text(), re.MULTILINE))
    scripts = [step["run"] for name in NAMES for step in steps(workflow(name)) if "run" in step]
    made = {target for script in scripts for target in re.findall(r"^make ([a-z-]+)", script, re.MULTILINE)}
    checked = {check for script in scripts for check in re.findall(r"devstack/run test ([a-z0-9]+)", script)}
    assert made == {"test", "deploy"}
    assert made <= targets
    assert checked == {"advisories"}
    assert checked <= checks


def test_what_is_deployed_was_tested_and_agreed_to(workflow):
    deploy = workflow("deploy")["jobs"]["deploy"]
    assert deploy["needs"] == "test"
    assert workflow("deploy")["jobs"]["test"]["uses"] == "./.github/workflows/test.yml"
    environment = "${{ inputs.environment || 'production' }}"
    assert deploy["environment"] == environment
    assert deploy["env"]["ENVIRONMENT"] == environment
    (ancestor,) = [it for it in deploy["steps"] if "is-ancestor" in it.get("run", "")]
    assert ancestor["if"] == "env.ENVIRONMENT == 'production'"


def test_no_deployment_is_cut_off_by_the_next(workflow):
    assert workflow("deploy")["concurrency"]["cancel-in-progress"] == "false"
    # A job of the called workflow that waited for its caller's group would wait for itself.
    assert workflow("deploy")["concurrency"]["group"] != workflow("test")["concurrency"]["group"]


def test_environments_are_those_of_the_roles(workflow, infra):
    options = workflow("deploy")["on"]["workflow_dispatch"]["inputs"]["environment"]["options"]
    assert options == infra("ci")["Parameters"]["Environment"]["AllowedValues"]
