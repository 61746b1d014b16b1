"""Installs missing system packages with apt, and nothing else: no service of the system is started or used."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def postgres_bin() -> Path | None:
    """The folder of the newest installed PostgreSQL server, which Debian keeps off the PATH."""
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if servers:
        return servers[-1].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


PRESENT: dict[str, Callable[[], object]] = {
    "build-essential": lambda: shutil.which("cc"),
    "python3-venv": lambda: importlib.util.find_spec("ensurepip"),
    "postgresql": postgres_bin,
    "redis-server": lambda: shutil.which("redis-server"),
    "chromium": lambda: shutil.which("chromium"),
}


def ensure(*names: str) -> None:
    """Installs those of the packages that are missing, or ends with the command that would."""
    missing = [name for name in names if not PRESENT[name]()]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if not shutil.which("apt-get"):
        raise SystemExit(f"Missing: {', '.join(missing)}. Install them with your system's package manager.")
    if os.geteuid() != 0:
        if not shutil.which("sudo") or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode != 0:
            raise SystemExit(f"Missing system packages. Run: sudo {' '.join(install)}")
        prefix = ["sudo", "-n"]
    else:
        prefix = []
    _say(f"Installing system packages with apt: {', '.join(missing)}")
    if not _apt(prefix, install):
        _say("  apt's package lists may be old; refreshing them")
        if not (_apt(prefix, ["apt-get", "update"]) and _apt(prefix, install)):
            raise SystemExit(f"apt could not install {', '.join(missing)}. Run: {' '.join(prefix + install)}")
    still_missing = [name for name in missing if not PRESENT[name]()]
    if still_missing:
        raise SystemExit(f"Installed, but not usable: {', '.join(still_missing)}")


def _apt(prefix: list[str], command: list[str]) -> bool:
    # With RUNLEVEL=1 most systems don't start what they install. A service that starts all the same is never used.
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
    result = subprocess.run([*prefix, *settings, *command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.stderr.write("".join(f"  {line}\n" for line in result.stderr.splitlines()[-10:]))
    return result.returncode == 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
