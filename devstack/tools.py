"""Makes the pinned virtual environment that devstack and the tests run in.

Runs before that environment exists, so it uses nothing but the standard library. Prints the environment's
interpreter on standard output, and what it does on standard error.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

from devstack import packages

LOCK = Path(__file__).with_name("requirements.txt")
# An environment of its own: it wants older versions of what others want newer.
CHECKOV = Path(__file__).with_name("checkov.txt")
CLOUD = Path(__file__).with_name("cloud.txt")


def cache_home() -> Path:
    """The folder that every clone of the project shares: tools and compiled dependencies."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "painel-alquimista"


def ensure(lock_file: Path = LOCK) -> Path:
    """Returns the interpreter of the environment with what is locked, after making it if it isn't complete."""
    digest = hashlib.sha256(lock_file.read_bytes() + sys.version.encode()).hexdigest()[:16]
    home = cache_home() / f"tools-{digest}"
    python, complete = home / "bin" / "python", home / ".complete"
    home.parent.mkdir(parents=True, exist_ok=True)
    # Two clones may start at once; the second waits and finds the work done.
    with open(home.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(home, ignore_errors=True)
            _install(home, python, lock_file)
            complete.touch()
    return python


def _install(home: Path, python: Path, lock_file: Path) -> None:
    started = time.monotonic()
    total = sum(1 for line in lock_file.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    _say(f"Installing the pinned tools ({total} Python packages) into {home}")
    packages.ensure("python3-venv")
    venv.create(home, with_pip=True)
    # The lock names every dependency; to find them again would take pip a minute more.
    command = [str(python), "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-input", "-r", str(lock_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        output = []
        for line in pip.stdout:
            output.append(line)
            if line.startswith("Collecting "):
                name = line.split()[1].split("==")[0]
                count = sum(1 for seen in output if seen.startswith("Collecting "))
                _say(f"  [{count}/{total}] {name}")
            elif line.startswith("Installing collected packages"):
                _say("  unpacking")
    if pip.returncode != 0:
        sys.stderr.writelines(output[-15:])
        raise SystemExit("The tools could not be installed: see pip's message above (is there no network?).")
    _say(f"  done in {time.monotonic() - started:.0f} s")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(ensure())
