"""Locate the files that ship with the sandbox: fixtures and JSON schemas."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_DATA_DIRECTORIES = ("fixtures", "schemas")


@cache
def data_root() -> Traversable:
    """Return the directory that holds ``fixtures/`` and ``schemas/``.

    The wheel carries them inside the package, as ``sandbox/_data``. A checkout has them beside
    the package instead, because editable installs do not map data directories.
    """
    packaged = files("sandbox") / "_data"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parent.parent
    missing = [name for name in _DATA_DIRECTORIES if not (checkout / name).is_dir()]
    if missing:
        raise FileNotFoundError(f"no {missing} in {packaged} or {checkout}: broken install")
    return checkout
