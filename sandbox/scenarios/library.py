"""The scenarios that come with the sandbox, and those of people's own files."""

from pathlib import Path

from sandbox.resources import data_root

SUFFIX = ".yaml"


class UnknownScenario(Exception):
    """Neither a file nor the name of a scenario that comes along."""


def names() -> list[str]:
    """Return the names of the scenarios that come along, sorted."""
    folder = data_root().joinpath("fixtures", "scenarios")
    found = [entry.name for entry in folder.iterdir() if entry.name.endswith(SUFFIX)]
    return sorted(name.removesuffix(SUFFIX) for name in found)


def text_of(name: str) -> str:
    """Return the text of a file, or of a scenario that comes along.

    Raises:
        UnknownScenario: there is neither.
        OSError, UnicodeDecodeError: the file cannot be read.
    """
    path = Path(name)
    if path.suffix in (SUFFIX, ".yml") or path.exists():
        if not path.is_file():
            raise UnknownScenario(f"there is no file {name}")
        return path.read_text(encoding="utf-8")
    if name not in names():
        raise UnknownScenario(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    entry = data_root().joinpath("fixtures", "scenarios", f"{name}{SUFFIX}")
    return entry.read_text(encoding="utf-8")
