"""Bills of materials of what is deployed, in CycloneDX: one for each function, and the dashboard's."""

import json
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from devstack import checks, web
from devstack.config import LAMBDAS, ROOT, TOOLS_BIN, cargo_environment
from devstack.console import Failure, say, step

TARGET = ROOT / "target" / "sbom"
CARGO_CYCLONEDX = ("cargo-cyclonedx", "0.5.9", ())
SPECIFICATION = "1.5"
# What crates are for other systems is left out.
DEPLOYED = "aarch64-unknown-linux-gnu"
# Written beside each Cargo.toml, from where it is taken away.
BESIDE_MANIFEST = "bill-of-materials"
DASHBOARD = "dashboard"


def write() -> None:
    """Writes all of them, once each is found to be what is locked."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, bill in {**of_functions(), DASHBOARD: of_dashboard()}.items():
        file = TARGET / f"{name}.cdx.json"
        file.write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n")
        say(f"  {file.relative_to(ROOT)}: {len(bill['components'])} components")


def of_functions() -> dict[str, dict[str, Any]]:
    """The bill of each function's crates, by the function's name."""
    checks.install(CARGO_CYCLONEDX)
    with step("Listing the functions' crates"):
        # It knows no --locked: a lock that doesn't fit the manifests is refused before it could be changed.
        _execute(["cargo", "metadata", "--locked", "--format-version", "1"])
        try:
            _execute([
                "cargo", "cyclonedx", "--format", "json", "--spec-version", SPECIFICATION, "--target", DEPLOYED,
                "--override-filename", BESIDE_MANIFEST,
            ])
            written = {name: ROOT / "functions" / name / f"{BESIDE_MANIFEST}.json" for name in LAMBDAS}
            bills = {name: json.loads(file.read_text()) for name, file in written.items()}
        finally:
            for place in ("benches", "crates", "functions"):
                for file in ROOT.glob(f"{place}/**/{BESIDE_MANIFEST}.json"):
                    file.unlink()
    for name, bill in bills.items():
        if strangers := not_locked(bill, (ROOT / "Cargo.lock").read_text()):
            raise Failure(f"The bill of {name} has what Cargo.lock hasn't: {', '.join(sorted(strangers))}")
    return bills


def of_dashboard() -> dict[str, Any]:
    """The bill of the packages that the dashboard is made of, from its lock alone."""
    # Of the whole lock, and with --omit=dev, npm leaves out what the tools need as well, React among it.
    manifest, lock = (json.loads((web.FRONTEND / name).read_text()) for name in ("package.json", "package-lock.json"))
    for place in (manifest, lock["packages"][""]):
        del place["devDependencies"]
    lock["packages"] = {
        place: it for place, it in lock["packages"].items() if not it.get("dev") and not it.get("devOptional")
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("package.json", manifest), ("package-lock.json", lock)):
            (Path(folder) / name).write_text(json.dumps(content))
        command = [TOOLS_BIN / "npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"]
        return json.loads(_execute(command, cwd=Path(folder), env=web.environment()))


def not_locked(bill: dict[str, Any], lock: str) -> set[str]:
    """What of a function's bill is neither a crate of the workspace nor locked with the same checksum."""
    locked = {(it["name"], it["version"]): it.get("checksum") for it in tomllib.loads(lock)["package"]}
    return {
        f"{it['name']} {it['version']}"
        for it in bill["components"]
        if (it["name"], it["version"]) not in locked
        or {digest["content"] for digest in it.get("hashes", ())} ^ {locked[it["name"], it["version"]]} - {None}
    }


def _execute(command: list[Any], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env or cargo_environment(), stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure(f"Failed: {' '.join(map(str, command))}; its message is above.")
    return done.stdout
