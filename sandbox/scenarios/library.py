"""The scenarios that come with the sandbox, and those of people's own files."""

from pathlib import Path

from sandbox.resources import data_root
from sandbox.scenarios.mistakes import Mistake, ScenarioInvalid

SUFFIX = ".yaml"
MAX_BYTES = 256 * 1024
TOO_LONG = Mistake(1, "", f"more than {MAX_BYTES // 1024} KiB", "Make several scenarios of it.")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


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
        ScenarioInvalid: the file is no text of UTF-8, or too long.
        OSError: it cannot be read.
    """
    path = Path(name)
    if path.suffix in (SUFFIX, ".yml") or path.exists():
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise UnknownScenario(f"there is no file {name}: it {what}")
        return _text(path)
    if name not in names():
        raise UnknownScenario(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    entry = data_root().joinpath("fixtures", "scenarios", f"{name}{SUFFIX}")
    return entry.read_text(encoding="utf-8")


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ScenarioInvalid([TOO_LONG])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = "UTF-16" if content.startswith(UTF_16) else f"byte 0x{content[error.start]:02x}"
        remedy = "Save the file as UTF-8."
        raise ScenarioInvalid(
            [Mistake(line, "", f"this is no UTF-8, but {found}", remedy)]
        ) from error
