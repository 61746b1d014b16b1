"""Commands that need the stack, where it was up once and isn't now."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT

from devstack.__main__ import NEED_THE_STACK

ARGUMENTS = {"token": ["somebody@example.com"], "erase": ["somebody@example.com"], "aggregate": ["--date", "2026-01-01"]}


@pytest.mark.parametrize("command", NEED_THE_STACK)
def test_who_needs_the_stack_is_told_how_to_start_it(command, tmp_path):
    (tmp_path / "stack.json").write_text(json.dumps({"users": []}))
    asked = [sys.executable, "-m", "devstack", "--dir", tmp_path, command, *ARGUMENTS.get(command, [])]
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.strip() == "✗ The stack isn't up. Start it with: make up"
