"""What is installed, for the image, for `make serve` and for CI, is locked by version and hash."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.wheel import ROOT, applies

LOCKS = sorted(path.name for path in (ROOT / "locks").iterdir())
ENTRY = re.compile(r"^([a-z0-9.-]+)==(\S+)(?: ; (.+?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M)  # fmt: skip # noqa: E501
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDS = {
    "serve.txt": PYPROJECT["project"]["dependencies"],
    "build.txt": [*PYPROJECT["build-system"]["requires"], "editables"],
    "test.txt": [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]],
}
HINT = "run scripts/lock"


def text_of(lock: str) -> str:
    return (ROOT / "locks" / lock).read_text(encoding="utf-8")


def versions(lock: str) -> dict[str, str]:
    return {name: version for name, version, _, _ in ENTRY.findall(text_of(lock))}


def versions_of_the_tests() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.partition("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, _, version in pins}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_version_with_its_hashes(lock):
    text = text_of(lock)
    assert ENTRY.findall(text)
    assert re.fullmatch("# Made by scripts/lock: .*\n", ENTRY.sub("", text)), HINT


@pytest.mark.parametrize("lock", NEEDS)
def test_what_pyproject_asks_for_is_locked_in_a_version_that_will_do(lock):
    locked = versions(lock)
    for need in map(Requirement, NEEDS[lock]):
        assert locked[canonicalize_name(need.name)] in need.specifier, f"{need}: {HINT}"


def test_the_locks_agree_with_each_other_and_with_the_versions_of_the_tests():
    everything = versions_of_the_tests()
    assert versions("test.txt") == everything, HINT
    for lock in ("serve.txt", "build.txt"):
        assert versions(lock).items() <= everything.items(), HINT


def needed_here(lock: str) -> dict[str, list[Requirement]]:
    """Return what each package of a lock needs on this machine."""
    needs = {}
    for name, _, where, _ in ENTRY.findall(text_of(lock)):
        if not where or Marker(where).evaluate():
            asked = [Requirement(text) for text in distribution(name).requires or ()]
            needs[name] = [need for need in asked if applies(need, frozenset())]
    return needs


@pytest.mark.parametrize("lock", NEEDS)
def test_a_lock_has_no_hole(lock):
    """It is installed without dependencies: what it leaves out is missing."""
    locked = versions(lock)
    for name, needs in needed_here(lock).items():
        for need in needs:
            found = locked.get(canonicalize_name(need.name))
            assert found is not None, f"{name} needs {need}: {HINT}"
            assert found in need.specifier, f"{name} needs {need}, {found} is locked: {HINT}"


def test_this_environment_is_what_is_locked():
    """The tests say something of the locked versions, and of no others."""
    odd = {}
    for name, version, where, _ in ENTRY.findall(text_of("test.txt")):
        if not where or Marker(where).evaluate():
            try:
                found = distribution(name).version
            except PackageNotFoundError:
                found = "missing"
            if found != version:
                odd[name] = f"{found}, locked is {version}"
    assert odd == {}, "scripts/bootstrap test"


@pytest.mark.parametrize("script", ["bootstrap", "tools"])
def test_nothing_is_installed_past_the_locks(script):
    text = (ROOT / "scripts" / script).read_text(encoding="utf-8")
    installs = re.findall(r"(?:pip install --quiet|pip_install --).*", text)
    assert installs
    for line in installs:
        is_pip_itself = line.startswith('pip install --quiet --no-deps "$@"')
        assert is_pip_itself or "--require-hashes" in line or "--editable ." in line, line
    assert "--no-deps" in text
