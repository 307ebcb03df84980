"""The READMEs' commands run and are alike, and pages that list what there is have all of it."""

import asyncio
import re
from pathlib import Path

import pytest

from sandbox.domain.effect import EFFECTS
from sandbox.domain.zengin import Code
from sandbox.scenarios.library import names
from sandbox.services.population import load_people, load_personas

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.ja.md")
LINK = re.compile(r"\]\(([^)]+)\)")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(language: str, name: str = "README.md") -> list[str]:
    return [body for found, body in BLOCK.findall(read(name)) if found == language]


async def run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


@pytest.mark.parametrize("name", READMES)
async def test_the_first_call_of_the_readme_goes_as_it_says(running, name):
    (script,) = blocks("sh", name)
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    assert "127.0.0.1:808" not in script

    code, output = await run("bash", "-eu", "-o", "pipefail", "-c", script)

    assert code == 0, output
    assert '"account_name":"架空 太郎"' in output
    assert '"transactions":[{' in output
    assert "401 Unauthorized" in output
    assert "X-Sandbox-Reason: grant_expired" in output


@pytest.mark.parametrize("name", READMES)
def test_the_readme_says_how_many_faults_and_drills_there_are(name):
    drills = sum(each.startswith("d") for each in names())
    of_corporations = sum(each.startswith("b") for each in names())
    numbers = [int(each) for each in re.findall(r"\d+", "".join(row_of(name, "faults.md")))]
    assert numbers == [len(EFFECTS)]
    numbers = [int(each) for each in re.findall(r"\d+", "".join(row_of(name, "scenarios.md")))]
    assert numbers == [drills, of_corporations]


def row_of(name: str, page: str) -> list[str]:
    """Return the cells beside the link to a page, in the table of what there is."""
    return re.findall(rf"^\| \[[^|]+\]\(docs/{page}\) \| (.+) \|$", read(name), re.MULTILINE)


@pytest.mark.parametrize("command", ["serve", "test"])
async def test_the_two_commands_of_the_readme_are_there(command):
    assert f"$ make {command}\n" in blocks("console")
    code, output = await run("make", "-n", command)
    assert code == 0, output
    assert ".venv/bin/" in output


def without_comments(script: str) -> list[str]:
    return [line for line in script.splitlines() if line and not line.startswith("#")]


def test_both_readmes_have_the_same_commands():
    english, japanese = READMES
    assert blocks("console", english) == blocks("console", japanese)
    for one, other in zip(blocks("sh", english), blocks("sh", japanese), strict=True):
        assert without_comments(one) == without_comments(other)


def test_both_readmes_lead_to_the_same_documents_and_to_each_other():
    english, japanese = (LINK.findall(read(name)) for name in READMES)
    assert (english[0], japanese[0]) == ("README.ja.md", "README.md")
    assert english[1:] == japanese[1:]


def test_the_page_of_personas_names_them_all_with_what_they_type():
    page = (ROOT / "docs" / "personas.md").read_text(encoding="utf-8")
    for persona in load_personas("tomato"):
        fields = [f"`{name}={value}`" for name, value in persona.login.fields().items()]
        assert f"| `{persona.key}` | {persona.name} | {', '.join(fields)} |" in page


def test_the_page_of_personas_names_the_users_of_web21_too():
    page = (ROOT / "docs" / "personas.md").read_text(encoding="utf-8")
    for person in load_people("web21"):
        fields = [f"`{name}={value}`" for name, value in person.login.fields().items()]
        who = f"{person.person_name} ({person.name})"
        assert f"| `{person.key}` | {who} | {', '.join(fields)} |" in page


@pytest.mark.parametrize(
    ("block", "said"),
    [(0, '"contact_name":"サンプル商事株式会社"'), (1, '"transaction_status_name":"受付済み"')],
)
async def test_the_calls_of_web21_go_as_its_page_says(running, block, said):
    page = (ROOT / "docs" / "web21.md").read_text(encoding="utf-8")
    script = [body for name, body in BLOCK.findall(page) if name == "sh"][block]
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    code, output = await run("bash", "-eu", "-o", "pipefail", "-c", script)
    assert code == 0, output
    assert said in output


async def test_the_files_of_the_page_on_zengin_go_as_it_says(running):
    page = (ROOT / "docs" / "zengin.md").read_text(encoding="utf-8")
    (script,) = [body for name, body in BLOCK.findall(page) if name == "sh"]
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    code, output = await run("bash", "-eu", "-o", "pipefail", "-c", script)
    assert code == 0, output
    assert "identical\n" in output
    assert '"field":"record 2, bytes 51–80","code":"Z202"' in output
    assert "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ" in output


def test_the_page_on_zengin_names_every_finding_and_every_sample():
    page = (ROOT / "docs" / "zengin.md").read_text(encoding="utf-8")
    for code in Code:
        assert f"\n| {code} | {'E' if code.is_error else 'W'}" in page
    for sample in (ROOT / "fixtures" / "zengin").glob("*.txt"):
        assert f"`{sample.stem}`" in page
