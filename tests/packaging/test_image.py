"""The Dockerfile as text: what it installs is locked, and what it says of itself is true.

That the image builds, runs without root on a read-only file system, and is soon healthy is shown
by building it; no test here has a container engine.
"""

import re
import subprocess
import sys
from pathlib import Path

from sandbox import __version__
from sandbox.settings import SETTINGS
from tests.process import environment

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LAST_STAGE = DOCKERFILE.rpartition("\nFROM ")[2]


def installed_in_stages():
    """Return the files of requirements that the image is made from."""
    return set(re.findall(r"-r (locks/\S+)", DOCKERFILE))


def test_the_label_names_the_version():
    assert f'org.opencontainers.image.version="{__version__}"' in LAST_STAGE


def test_what_it_copies_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignored, source


def test_it_installs_by_the_locks_and_nothing_else():
    assert installed_in_stages() == {"locks/serve.txt", "locks/build.txt"}
    for command in re.findall(r"pip install (.+?)(?:&&|\n\S|$)", DOCKERFILE, re.DOTALL):
        assert "--require-hashes" in command or "--no-index --no-deps" in " ".join(command.split())


def test_it_carries_its_bill_of_materials():
    assert "COPY docker/sbom.cdx.json /app/bank-sandbox.cdx.json" in LAST_STAGE


def test_its_health_is_asked_where_the_bank_really_listens():
    """By the file that the server writes: a port given as a flag is no environment variable."""
    assert re.search(r"SANDBOX_READY_FILE=/dev/shm/\S+\.json", LAST_STAGE)
    assert 'CMD ["/usr/bin/python3", "-m", "sandbox", "health"]' in LAST_STAGE


def test_it_is_run_once_while_it_is_built(tmp_path):
    """The same run as in the build, without the container around it."""
    assert "source=docker/warm.py,target=/warm.py" in LAST_STAGE
    command = [sys.executable, str(ROOT / "docker" / "warm.py"), str(tmp_path)]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_a_bank_that_does_not_start_ends_the_build(tmp_path):
    (tmp_path / "file").touch()
    command = [sys.executable, str(ROOT / "docker" / "warm.py"), str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "bank-sandbox: " in done.stderr


def test_it_runs_without_root_and_without_a_shell():
    assert re.findall(r"^USER (\S+)", LAST_STAGE, re.MULTILINE)[-1] == "65532:65532"
    for instruction in ("RUN", "CMD", "ENTRYPOINT"):
        for rest in re.findall(rf"^\s*{instruction} (.+)$", LAST_STAGE, re.MULTILINE):
            assert rest.startswith(("[", "--mount=type=bind,")), rest
            assert rest.endswith('"]'), rest


def test_its_settings_are_settings():
    known = {setting.env for setting in SETTINGS}
    assert set(re.findall(r"(SANDBOX_\w+)=", DOCKERFILE)) <= known
