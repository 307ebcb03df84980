"""The import budget: what ``serve`` may import before it is ready. Each import is a start's time.

What a call, a page or a file needs first is imported with the first of them, by the function that
needs it. Who means that a newcomer has to be there from the start adds it to a list below.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.process import FREE_PORTS, printing

THIRD_PARTY = {
    "aiohappyeyeballs", "aiohttp", "aiosignal", "aiosqlite", "attr", "frozenlist", "idna",
    "jaconv", "jsonschema_rs", "multidict", "orjson", "propcache", "typing_extensions", "uvloop",
    "yarl",
}  # fmt: skip
# Of these, what is imported only before Python 3.13, and what is not built for every platform.
NOT_EVERYWHERE = {"typing_extensions", "uvloop"}
# What makes a world where no template of it is kept: names of people, firms and towns.
TO_SEED = {"faker"}
# Our own that a start does without: 60 ms, were they imported all the same.
LATE = (
    "sandbox.cli.commands",
    "sandbox.client",
    "sandbox.domain.conduct.verdict",
    "sandbox.domain.zengin",
    "sandbox.pytest_plugin",
    "sandbox.scenarios",
    "sandbox.services.conduct",
    "sandbox.services.oauth.jose",
    "sandbox.services.tls",
    "sandbox.web.control.conduct_report",
    "sandbox.web.control.glance",
    "sandbox.web.control.reference",
)
# Of the library, what only a page, a report or an error should bring along.
LATE_LIBRARY = {"difflib", "multiprocessing", "pdb", "unittest", "xml"}
# Modules of ours, by part. A little room is left; a part that outgrows it wants a look.
MOST = {"cli": 10, "domain": 110, "services": 110, "storage": 45, "web": 130}

# Each import as it happens: the module, who asked for it, and whether a package brought it.
SPY = """
import os, sys
from importlib.machinery import PathFinder

class Spy:
    @staticmethod
    def find_spec(name, path=None, target=None):
        found = PathFinder.find_spec(name, path)
        if found is not None:
            frame = sys._getframe(1)
            while "importlib" in frame.f_code.co_filename:
                if "util" in frame.f_code.co_filename:
                    return None  # looked for, and not imported
                frame = frame.f_back
            places = [found.origin or "", *(found.submodule_search_locations or ())]
            kind = "package" if any("site-packages" in each for each in places) else "other"
            told.write(f"{name} {frame.f_globals['__name__']} {kind}\\n")
        return None

told = open(os.environ["SPY_FILE"], "w", buffering=1)
sys.meta_path.insert(0, Spy)
"""


class Imports(dict[str, tuple[str, bool]]):
    """By module who asked for it first, and whether it is neither ours nor Python's."""

    @classmethod
    def read(cls, file: Path) -> "Imports":
        found = cls()
        for line in file.read_text().splitlines():
            name, importer, kind = line.split()
            found.setdefault(name, (importer, kind == "package"))
        return found

    def chain(self, name: str) -> str:
        """Return a module and its importers, up to the first."""
        names = [name]
        while (importer := self.get(names[-1], ("", False))[0]) and importer not in names:
            names.append(importer)
        return " ← ".join(names)

    def below(self, *packages: str) -> list[str]:
        """Return the chains of what was imported of these packages, the first of each."""
        firsts = {}
        for name in self:
            for package in packages:
                if name == package or name.startswith(f"{package}."):
                    firsts.setdefault(package, self.chain(name))
        return list(firsts.values())

    @property
    def third_party(self) -> set[str]:
        return {name.partition(".")[0] for name, (_, is_package) in self.items() if is_package}


def started(directory: Path, name: str, *flags: str) -> Imports:
    """Start a server with a cache of its own; return what it has imported once it is ready."""
    spy, file = directory / "spy", directory / f"{name}.txt"
    spy.mkdir(exist_ok=True)
    (spy / "sitecustomize.py").write_text(SPY)
    env = {"PYTHONPATH": str(spy), "SPY_FILE": str(file), "SANDBOX_CACHE": str(directory / "kept")}
    flags = (*FREE_PORTS, "--data", str(directory / name), "--seed", "7", *flags)
    with printing(*flags, until="{" if "--print-json" in flags else "Ready", **env) as server:
        imports = Imports.read(file)
        server.stop()
    return imports


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Imports]:
    directory = tmp_path_factory.mktemp("imports")
    return directory, started(directory, "cold", "--print-json")


@pytest.fixture(scope="module", params=["json", "banner"])
def warm(request: pytest.FixtureRequest, cold: tuple[Path, Imports]) -> Imports:
    """Return the imports of a start that finds a template of its world."""
    flags = ["--print-json"] if request.param == "json" else []
    return started(cold[0], request.param, *flags)


def test_no_package_is_imported_that_is_not_on_the_list(warm: Imports) -> None:
    newcomers = warm.third_party - THIRD_PARTY
    assert not newcomers, "\n".join(warm.below(*newcomers))


def test_the_list_names_nothing_that_is_not_imported(warm: Imports) -> None:
    assert warm.third_party >= THIRD_PARTY - NOT_EVERYWHERE


def test_what_a_later_call_needs_is_imported_with_it(warm: Imports) -> None:
    assert not warm.below(*LATE, *LATE_LIBRARY)


def test_late_modules_are_still_called_so(warm: Imports) -> None:
    for name in LATE:
        path = Path(__file__).parents[2].joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_no_part_of_ours_outgrows_its_budget(warm: Imports) -> None:
    counts = Counter(name.split(".")[1] for name in warm if name.startswith("sandbox."))
    for part, most in MOST.items():
        names = [name for name in warm if name.startswith(f"sandbox.{part}")]
        shown = "\n".join(map(warm.chain, names))
        assert counts[part] <= most, f"{counts[part]} modules of {part}, {most} allowed:\n{shown}"


def test_a_first_start_imports_what_seeds_a_world_besides(cold: tuple[Path, Imports]) -> None:
    _, imports = cold
    newcomers = imports.third_party - THIRD_PARTY - TO_SEED
    assert not newcomers, "\n".join(imports.below(*newcomers))
    assert imports.third_party >= TO_SEED
    assert not imports.below(*LATE, "xml", "unittest")
