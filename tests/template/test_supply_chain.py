"""What others wrote: all of it locked by checksum, none of it run while it is installed; and no secret in the repository."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from devstack import sbom

ROOT = Path(__file__).resolve().parents[2]
NPM_PROJECTS = ["frontend", "openapi", "benches/node-baseline"]
# Packages that would run something of their own when they are installed. None is allowed to; what they'd do then is to
# choose, or to build, what npm has put there for this platform already.
WITH_INSTALL_SCRIPTS = {
    "frontend": {"@parcel/watcher", "@swc/core"},
    "openapi": set(),
    "benches/node-baseline": {"esbuild"},
}
# Cargo's commands that read Cargo.lock, and would otherwise write to it.
LOCKING = {"build", "clippy", "install", "metadata", "run", "test"}


def tracked(*patterns: str) -> list[Path]:
    """The repository's files, as git knows them."""
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert files, patterns
    return [file for file in files if file.is_file()]


def packages(project: str) -> dict[str, dict]:
    """A project's locked npm packages, by where they are installed."""
    lock = json.loads((ROOT / project / "package-lock.json").read_text())
    assert lock["lockfileVersion"] == 3
    return {place: package for place, package in lock["packages"].items() if place}


def test_every_crate_is_locked_by_checksum_and_comes_from_the_registry():
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    members = set(tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["dependencies"])
    registry = "registry+https://github.com/rust-lang/crates.io-index"
    others = [package for package in locked if "source" in package]
    assert len(others) > 300
    for package in others:
        assert package["source"] == registry, package["name"]
        assert re.fullmatch(r"[0-9a-f]{64}", package["checksum"]), package["name"]
    manifests = [tomllib.loads(file.read_text()) for file in tracked("*Cargo.toml")]
    own = {manifest["package"]["name"] for manifest in manifests if "package" in manifest}
    assert {package["name"] for package in locked if "source" not in package} == own
    assert members & {package["name"] for package in others}


def test_cargo_never_changes_its_lock():
    found = 0
    for file in tracked("devstack/*.py", ".ci/*", "Makefile"):
        for name, rest in re.findall(r"\"cargo\", \"([a-z-]+)\"([^\n]*)", file.read_text()):
            if name in LOCKING:
                found += 1
                assert '"--locked"' in rest, f"{file.name}: cargo {name}{rest}"
            elif name == "sqlx":
                # Its own arguments end before those of the build that it starts.
                assert '"--locked"' in rest.partition('"--"')[2], f"{file.name}: cargo {name}{rest}"
    assert found >= 5


@pytest.mark.parametrize("project", NPM_PROJECTS)
def test_every_npm_package_is_locked_by_checksum(project):
    for place, package in packages(project).items():
        assert package["integrity"].startswith("sha512-"), place
        # From the registry that npm is told to use, whichever: neither a tarball's address nor a repository's.
        assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), place
        assert not package.get("link"), place


@pytest.mark.parametrize("project", NPM_PROJECTS)
def test_the_packages_that_are_asked_for_are_those_that_are_locked(project):
    manifest = json.loads((ROOT / project / "package.json").read_text())
    locked = packages(project)
    for name, version in {**manifest.get("dependencies", {}), **manifest.get("devDependencies", {})}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", version), name
        assert locked[f"node_modules/{name}"]["version"] == version, name


@pytest.mark.parametrize("project", NPM_PROJECTS)
def test_no_package_runs_anything_when_it_is_installed(project):
    settings = dict(
        line.split("=", 1) for line in (ROOT / project / ".npmrc").read_text().splitlines() if not line.startswith("#")
    )
    assert settings["ignore-scripts"] == "true"
    # Whoever adds one to these finds out first whether it works without.
    scripted = {
        place.rpartition("node_modules/")[2] for place, it in packages(project).items() if it.get("hasInstallScript")
    }
    assert scripted == WITH_INSTALL_SCRIPTS[project]


def test_every_npm_project_is_among_them():
    locks = {str(file.parent.relative_to(ROOT)) for file in tracked("*package-lock.json")}
    manifests = {str(file.parent.relative_to(ROOT)) for file in tracked("*package.json")}
    assert locks == manifests == set(NPM_PROJECTS)


def test_npm_installs_nothing_but_what_is_locked():
    found = 0
    for file in tracked("devstack/*.py", ".ci/*", "Makefile", "*package.json", "*.mjs"):
        text = file.read_text()
        assert not re.search(r"npm\"?,? \"?(install|i|add|update|exec)\b|\bnpx\b", text), file.name
        found += len(re.findall(r"\"npm\", \"ci\"", text))
    assert found >= 3


@pytest.mark.parametrize(("name", "at_least"), [("requirements.txt", 50), ("checkov.txt", 50), ("cloud.txt", 2)])
def test_every_python_package_is_locked_by_checksum(name, at_least):
    lock = (ROOT / "devstack" / name).read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-zA-Z0-9])", lock) if not entry.startswith("#")]
    assert len(entries) >= at_least
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w, -]+\])?==[^ ]+ \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry.partition("\n")[0]
    installs = [line for file in tracked("devstack/*.py") for line in file.read_text().splitlines() if '"pip"' in line]
    assert installs
    for line in installs:
        assert '"--require-hashes"' in line and '"--no-deps"' in line, line


def test_the_dashboards_bill_of_materials_names_what_is_locked_for_it():
    bill = sbom.of_dashboard()
    assert bill["bomFormat"] == "CycloneDX"
    named = {(component["name"], component["version"]) for component in bill["components"]}
    locked = {
        (place.rpartition("node_modules/")[2], package["version"])
        for place, package in packages("frontend").items()
        if not package.get("dev") and not package.get("devOptional")
    }
    assert named == locked
    assert {"next", "react", "zod"} <= {name for name, _ in named} and "vitest" not in {name for name, _ in named}
    assert all(component["hashes"] for component in bill["components"])


def test_a_function_has_nothing_that_is_not_locked():
    lock = '[[package]]\nname = "ours"\nversion = "1.0.0"\n[[package]]\nname = "x"\nversion = "2.0.0"\nchecksum = "ab"\n'
    def of(name: str, version: str, *digests: str) -> set[str]:
        hashes = [{"alg": "SHA-256", "content": digest} for digest in digests]
        return sbom.not_locked({"components": [{"name": name, "version": version, "hashes": hashes}]}, lock)

    assert of("x", "2.0.0", "ab") == of("ours", "1.0.0") == set()
    assert of("x", "2.0.0", "cd") == of("x", "2.0.0") == {"x 2.0.0"}
    assert of("x", "2.0.1", "ab") == {"x 2.0.1"}


# What credentials look like. Keys of the emulator and passwords that are made for one instance look like none of these.
SECRETS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}",
    "an AWS access key": r"\b(AKIA|ASIA)[A-Z2-7]{16}\b",
    "an AWS secret": r"(?i)aws_?secret_?(access_?)?key[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}\b",
    "a token of GitHub": r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "a token of npm": r"\bnpm_[A-Za-z0-9]{36}\b|_authToken=[A-Za-z0-9-]{16,}",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}",
    "a password in an address": r"\b(postgres(ql)?|rediss?|https?)://[^\s:/@{}$<\"']+:[^\s@{}$<\"'*]{8,}@",
    "a webhook": r"https://hooks\.slack\.com/services/\S{20,}",
}


def secrets_in(text: str) -> list[str]:
    return [what for what, looks in SECRETS.items() if re.search(looks, text)]


def test_no_secret_is_in_the_repository():
    assert {str(file): found for file in tracked() if (found := secrets_in(file.read_text(errors="replace")))} == {}


def test_a_secret_would_be_found():
    # Put together here: this file is looked at like all others.
    letters = "Ab3" * 20
    for what, secret in {
        "a private key": f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{letters}",
        "an AWS access key": "AKIA" + "Q" * 16,
        "an AWS secret": f"aws_secret_access_key = {letters[:40]}",
        "a token of GitHub": "ghp_" + letters[:36],
        "a token of npm": f"//registry.npmjs.org/:{'_authToken'}={letters}",
        "a signed token": f"eyJ{letters}.eyJ{letters}.{letters}",
        "a password in an address": f"postgres://app:{letters}@db.example.com/painel",
        "a webhook": f"https://hooks.slack.com/{'services'}/{letters}",
    }.items():
        assert what in secrets_in(secret), what


def test_no_file_is_one_that_holds_secrets():
    names = re.compile(r"(^|/)(\.env(\..*)?|.*\.(pem|key|p12|pfx|jks)|id_(rsa|ed25519)|\.pgpass|\.netrc|credentials)$")
    assert [str(file.relative_to(ROOT)) for file in tracked() if names.search(str(file.relative_to(ROOT)))] == []
