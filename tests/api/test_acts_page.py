"""docs/acts.md: its commands do what they say, and it names every act."""

import asyncio
import re
from pathlib import Path

from sandbox.web.control.acts import ACTS
from sandbox.web.control.acts_incidents import ACTS as INCIDENT_ACTS

PAGE = (Path(__file__).parents[2] / "docs" / "acts.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


async def test_the_commands_of_the_page_work_as_they_stand(running):
    script, *_ = BLOCK.findall(PAGE)
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-eu",
        "-o",
        "pipefail",
        "-c",
        script,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    said = output.decode()
    assert process.returncode == 0, said
    assert '"status":"open"' in said
    assert '"report_until":"2026-11-18T10:00:00+09:00"' in said
    assert "X-Sandbox-Reason: grant_frozen" in said
    assert '{"ended":1}' in said


def test_the_page_names_every_act():
    for name in (*ACTS, *INCIDENT_ACTS):
        assert f"`{name}" in PAGE, name
