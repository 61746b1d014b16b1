"""Compiles the functions and puts each binary where the template looks for it."""

import filecmp
import shutil
import subprocess
from pathlib import Path

from devstack.config import CARGO_PROFILE, CARGO_TARGET, LAMBDAS, ROOT, cargo_environment
from devstack.console import Failure

PACKAGES = ROOT / "target" / "lambda"


def build() -> None:
    """Builds what is deployed and what loads the demo data; cargo's progress goes to the terminal."""
    compile_workspace()
    for name in LAMBDAS:
        package = PACKAGES / name / "bootstrap"
        # An untouched file keeps the deployment from seeing a change.
        if not package.exists() or not filecmp.cmp(binary(name), package, shallow=False):
            package.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(binary(name), package)


def compile_workspace() -> None:
    """Compiles everything; cargo's progress goes to the terminal."""
    # All of the workspace, as the tests do: another selection has other features, and would compile everything twice.
    compile_packages(CARGO_PROFILE, "--workspace")


def compile_packages(profile: str, *selection: str) -> None:
    """Compiles some of the workspace's packages; cargo's progress goes to the terminal."""
    if shutil.which("cargo") is None:
        raise Failure("cargo isn't installed. Install Rust from https://rustup.rs and try again.")
    command = ["cargo", "build", "--locked", *selection, "--profile", profile]
    if subprocess.run(command, cwd=ROOT, env=cargo_environment()).returncode != 0:
        raise Failure("The build failed; cargo's message is above.")


def binary(name: str, profile: str = CARGO_PROFILE) -> Path:
    return CARGO_TARGET / profile / name
