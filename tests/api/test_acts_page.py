"""docs/acts.md: its commands do what they say, and it names every act."""

import asyncio
import os
import re
from pathlib import Path

from sandbox.web.control.acts import ACTS
from sandbox.web.control.acts_incidents import ACTS as INCIDENT_ACTS
from tests.journals import entries
from tests.process import COMMAND, environment

PAGE = (Path(__file__).parents[2] / "docs" / "acts.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


async def said_by(running, script, **more):
    """Run a block of the page against the server of the test; return all that it says."""
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-eu",
        "-o",
        "pipefail",
        "-c",
        script,
        env=environment(PATH=path, SANDBOX_CONTROL=running.sandbox.control_url, **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_the_commands_of_the_page_work_as_they_stand(running):
    said = await said_by(running, BLOCK.findall(PAGE)[0])
    assert '"status":"open"' in said
    assert '"report_until":"2026-11-18T10:00:00+09:00"' in said
    assert "X-Sandbox-Reason: grant_frozen" in said
    assert '{"ended":1}' in said


async def test_a_leaked_token_is_used_from_elsewhere_as_the_page_shows(running):
    _, leaking = BLOCK.findall(PAGE)
    await running.log_in("taro")
    async with running.http.get(f"{running.control}/grants") as answer:
        (grant,) = (await answer.json())["grants"]
    said = await said_by(running, leaking, GRANT=grant["grant_id"])
    assert '"account_name":"架空 太郎"' in said
    assert [e["remote"] for e in await entries(running, operation="list_accounts")] == ["127.0.0.2"]


def test_the_page_names_every_act():
    for name in (*ACTS, *INCIDENT_ACTS):
        assert f"`{name}" in PAGE, name
