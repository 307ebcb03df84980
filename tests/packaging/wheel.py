"""Build the project's wheel, and install it where only what it declares can be imported."""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a command and return its output; a failure shows what it wrote."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment(cwd),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def clean_environment(home: Path) -> dict[str, str]:
    """Return this environment without what would lead Python or the sandbox back here."""
    led_back = ("PYTHON", "VIRTUAL_ENV", "SANDBOX_", "XDG_", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(led_back)}
    mark = {name: os.environ[name] for name in ("SANDBOX_CI_RUN",) if name in os.environ}
    return kept | mark | {"HOME": str(home)}


def build(directory: Path) -> Path:
    """Build the wheel into ``directory``. Not by ``pip``: it would fetch the build tools anew."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory)
    (wheel,) = directory.glob("*.whl")
    return wheel


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def install(wheel: Path, directory: Path) -> Path:
    """Install the wheel into a new virtual environment and return its ``bin``.

    Its dependencies are linked, not downloaded: of the packages installed here just those that
    the wheel declares, and what these declare. So the tools of the tests stay out of sight, and
    a dependency that the project forgot to declare is missing, as it would be for a user.
    """
    venv.create(directory, with_pip=False, symlinks=True)
    python = directory / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install"),
        *("--quiet", "--no-deps", "--no-index", wheel),
        cwd=directory,
    )
    (packages,) = directory.glob("lib/python*/site-packages")
    for needed in needed_by(metadata_of(wheel).get_all("Requires-Dist", [])):
        link(needed, packages)
    return directory / "bin"


def needed_by(requirements: Iterable[str]) -> list[Distribution]:
    """Return the installed distributions that installing ``requirements`` would bring."""
    needed: dict[tuple[str, frozenset[str]], Distribution] = {}
    pending = [(Requirement(text), frozenset[str]()) for text in requirements]
    while pending:
        requirement, extras = pending.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in needed or not applies(requirement, extras):
            continue
        needed[key] = distribution(requirement.name)
        pending += [(Requirement(text), key[1]) for text in needed[key].requires or ()]
    return list(needed.values())


def applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    """Tell whether a package asked for with ``extras`` needs ``requirement`` on this machine."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""})


def link(needed: Distribution, packages: Path) -> None:
    """Make the modules and the metadata of a distribution visible in ``packages``."""
    tops = {file.parts[0] for file in needed.files or () if file.parts[0] not in {"..", "/"}}
    assert tops, f"{needed.name} does not say which files it has"
    for top in tops - {"__pycache__"}:
        target = packages / top
        if not target.exists():
            target.symlink_to(Path(str(needed.locate_file(top))).resolve())
