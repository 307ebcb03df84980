"""The same sources give the same wheel and the same sdist, bit by bit, wherever they are built."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.wheel import ROOT

# What goes into the packages, and what their making reads.
PARTS = ("sandbox", "fixtures", "schemas", "pyproject.toml", "README.md", "LICENSE", ".gitignore")
EPOCH = re.search(
    r"SOURCE_DATE_EPOCH=(\d+) python -m hatchling build -t wheel",
    (ROOT / "Dockerfile").read_text(encoding="utf-8"),
)
ODD_SEED = "4294967295"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere to build, and what differs between machines there."""

    folder: str
    umask: int
    modified_at: int
    environment: dict[str, str]
    reverse: bool = False


HERE = Place(
    folder="a",
    umask=0o022,
    modified_at=1_000_000_000,
    environment={"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
)
THERE = Place(
    folder="somewhere/quite different/銀行",
    umask=0o077,
    modified_at=2_000_000_001,
    environment={"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": ODD_SEED},
    reverse=True,
)


def laid_out(place: Place, base: Path) -> Path:
    """Copy the sources as another checkout would hold them: other modes, times and order."""
    target = base / place.folder
    target.mkdir(parents=True)
    files = [path for part in PARTS for path in _files(ROOT / part)]
    for source in sorted(files, reverse=place.reverse):
        copy = target / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        copy.chmod(0o666 & ~place.umask)
        os.utime(copy, (place.modified_at, place.modified_at))
    return target


def _files(part: Path) -> list[Path]:
    found = part.rglob("*") if part.is_dir() else [part]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def built(kind: str, place: Place, base: Path, epoch: str) -> dict[str, str]:
    """Build, and return the digest of each file that came of it."""
    checkout = laid_out(place, base)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", "made"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": epoch, **place.environment},
        umask=place.umask,
        check=True,
        capture_output=True,
    )
    made = (checkout / "made").iterdir()
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in made}


@pytest.fixture
def epoch() -> str:
    assert EPOCH
    return EPOCH[1]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_built_in_two_places_it_is_the_same(kind, epoch, tmp_path):
    here, there = (built(kind, place, tmp_path, epoch) for place in (HERE, THERE))
    assert len(here) == 1
    assert here == there


def test_the_date_would_show(epoch, tmp_path):
    """Or the comparison above could not fail."""
    now = built("wheel", HERE, tmp_path, epoch)
    later = built("wheel", THERE, tmp_path, str(int(epoch) + 2))  # a zip's times are even
    assert now.keys() == later.keys()
    assert now != later


def test_make_and_the_image_build_with_the_same_date(epoch):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"wheel: export SOURCE_DATE_EPOCH = {epoch}\n" in makefile
