"""docs/calendar.md: its commands do what they say."""

import asyncio
import re
from pathlib import Path

from tests.opening import ask, published

PAGE = Path(__file__).parents[2] / "docs" / "calendar.md"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


async def test_the_commands_of_the_page_work_as_they_stand(running):
    (script,) = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
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
    assert process.returncode == 0, output
    (notice,) = await published(running)
    assert notice["until"] == "2026-11-17T05:00:00+09:00"
    _, shown = await ask(running, "GET", "/maintenance")
    by_kind = {each["kind"]: each for each in shown["maintenance"]}
    assert by_kind["maintenance"]["ends_at"] == "2026-11-17T05:30:00+09:00"
    assert by_kind["outage"]["functions"] == ["balances"]
    _, calendar = await ask(running, "GET", "/calendar")
    hours = {each["class"]: each for each in calendar["banks"][1]["hours"]}
    assert hours["update"]["hours"] == {"every": ["09:00-12:00"]}
    assert hours["reference"]["hours"] == "always"
