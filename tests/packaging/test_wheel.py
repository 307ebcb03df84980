"""The wheel holds what it should, and what is installed from it starts, far from the checkout."""

import json
import selectors
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import sandbox
from tests.packaging.wheel import ROOT, build, clean_environment, install, names_in, run

START_SECONDS = 30
STOP_SECONDS = 15

# Under `pytest --dist loadgroup` one worker takes them all, and builds one wheel.
pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment that has the wheel and its declared dependencies."""
    return install(wheel, tmp_path_factory.mktemp("installed"))


def checkout_files(directory: str) -> set[str]:
    """Return the files below a directory of the checkout, relative to it."""
    base = ROOT / directory
    return {
        path.relative_to(base).as_posix()
        for path in base.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def below(names: set[str], prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


@pytest.mark.parametrize("data", ["fixtures", "schemas"])
def test_wheel_carries_the_data_of_the_checkout(wheel: Path, data: str) -> None:
    expected = checkout_files(data)
    assert expected
    assert below(names_in(wheel), f"sandbox/_data/{data}/") == expected


def test_wheel_carries_the_package_whole(wheel: Path) -> None:
    package = below(names_in(wheel), "sandbox/")
    assert {name for name in package if not name.startswith("_data/")} == checkout_files("sandbox")


@pytest.mark.parametrize("kind", ["py.typed", "storage/schema.sql", ".html", ".css", ".json"])
def test_wheel_carries_more_than_code(wheel: Path, kind: str) -> None:
    package = below(names_in(wheel), "sandbox/")
    assert [n for n in package if n.endswith(kind) and not n.startswith("_data/")]


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names_in(wheel)}
    assert tops == {"sandbox", f"bank_sandbox-{sandbox.__version__}.dist-info"}


def test_wheel_carries_its_licence(wheel: Path) -> None:
    info = below(names_in(wheel), f"bank_sandbox-{sandbox.__version__}.dist-info/")
    assert {"licenses/LICENSE", "entry_points.txt", "METADATA"} <= info


def test_installed_package_reads_its_own_data(installed: Path, tmp_path: Path) -> None:
    code = "import sandbox.resources as r; print(r.__file__); print(r.data_root())"
    module, data = run(installed / "python", "-c", code, cwd=tmp_path).splitlines()
    assert Path(module).is_relative_to(installed.parent)
    assert Path(data).is_relative_to(installed.parent)


def test_tools_of_the_tests_are_out_of_sight(installed: Path, tmp_path: Path) -> None:
    """Or a dependency that nobody declared would go unnoticed."""
    code = (
        "import importlib.util as u; print([n for n in ('pytest', 'requests') if u.find_spec(n)])"
    )
    assert run(installed / "python", "-c", code, cwd=tmp_path).strip() == "[]"


def test_every_module_imports_with_the_declared_dependencies(
    installed: Path, tmp_path: Path
) -> None:
    modules = sorted(
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in checkout_files("sandbox")
        if name.endswith(".py") and "__main__" not in name and name != "__init__.py"
    )
    # Only pytest loads its plugin, so pytest is there when it is; nobody else needs it.
    modules = [name for name in modules if not name.startswith("pytest_plugin")]
    code = "".join(f"import sandbox.{module}\n" for module in modules)
    run(installed / "python", "-c", code, cwd=tmp_path)


def test_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    assert sandbox.__version__ in run(installed / "bank-sandbox", "version", cwd=tmp_path)


@contextmanager
def served(command: Path, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the bank in ``directory`` on free ports; end it, whatever happens."""
    with subprocess.Popen(
        [command, "serve", "--port", "0", "--control-port", "0", "--print-json"],
        cwd=directory,
        env=clean_environment(directory),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ready_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what the bank prints when it is ready: one line, and the first."""
    assert process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(START_SECONDS), f"not ready after {START_SECONDS} s"
    line = process.stdout.readline()
    assert line, f"ended before it was ready: exit {process.wait(STOP_SECONDS)}"
    ready: dict[str, Any] = json.loads(line)
    return ready


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        status: int = answer.status
        return status


def test_installed_bank_serves_and_stops_in_good_order(installed: Path, tmp_path: Path) -> None:
    with served(installed / "bank-sandbox", tmp_path) as process:
        ready = ready_line(process)
        assert ready.keys() == {"data_url", "control_url", "pid"}
        assert ready["pid"] == process.pid
        assert status_of(f"{ready['control_url']}/healthz") == 200
        assert status_of(f"{ready['data_url']}/healthz") == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0
