"""The Dockerfile as text: what it installs is locked, and what it says of itself is true.

That the image builds, runs without root on a read-only file system, and is soon healthy is shown
by building it; no test here has a container engine.
"""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sandbox import __version__
from sandbox.settings import SETTINGS

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LAST_STAGE = DOCKERFILE.rpartition("\nFROM ")[2]
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(name):
    """Return the version of each package in a file of requirements."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {canonicalize_name(package): version for package, version in LOCKED.findall(text)}


@pytest.mark.parametrize("name", ["docker/requirements.txt", "docker/build-requirements.txt"])
def test_every_package_is_locked_by_version_and_hash(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(entries) == len(pins(name)) > 0
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:60]
    assert "://" not in text


def test_the_image_has_what_the_project_needs_in_the_versions_that_were_tested():
    image, tested = pins("docker/requirements.txt"), pins("constraints.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in project["dependencies"]:
        need = Requirement(text)
        assert image[canonicalize_name(need.name)] in need.specifier, text
    assert {name: tested.get(name) for name in image} == image


def test_the_label_names_the_version():
    assert f'org.opencontainers.image.version="{__version__}"' in LAST_STAGE


def test_what_it_copies_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignored, source


def test_it_runs_without_root_and_without_a_shell():
    assert re.findall(r"^USER (\S+)", LAST_STAGE, re.MULTILINE)[-1] == "65532:65532"
    for instruction in ("RUN", "CMD", "ENTRYPOINT"):
        for rest in re.findall(rf"^\s*{instruction} (.+)$", LAST_STAGE, re.MULTILINE):
            assert rest.startswith("["), rest


def test_its_settings_are_settings():
    known = {setting.env for setting in SETTINGS}
    assert set(re.findall(r"(SANDBOX_\w+)=", DOCKERFILE)) <= known
