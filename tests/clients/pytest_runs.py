"""pytest in a process of its own, as somebody runs it who has installed the plugin."""

import os
import subprocess
import sys
from pathlib import Path

SUITE = Path(__file__).parent / "example_app_suite"
PATIENCE_S = 300
# Other people's plugins that are here for other tests, and take seconds to load.
OTHERS = ("cacheprovider", "schemathesis", "hypothesispytest", "faker")
WITHOUT = [word for name in OTHERS for word in ("-p", f"no:{name}")]


def run_pytest(*arguments: str, directory: Path) -> tuple[int, str]:
    """Return the exit code and what it printed; no setting of this run reaches it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SANDBOX_", "PYTEST_"))
    }
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *WITHOUT, *arguments],
        cwd=directory,
        env=kept | {"COLUMNS": "300", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return found.returncode, found.stdout
