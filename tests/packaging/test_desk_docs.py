"""The page on the contractor's pages: its commands run, and it names every page and setting."""

from sandbox.web.web21.desk.visit import DOORS
from tests.packaging.test_docs import BLOCK, ROOT, run

PAGE = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")


async def test_the_commands_go_as_the_page_says(running):
    (script,) = [body for name, body in BLOCK.findall(PAGE) if name == "sh"]
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    code, output = await run("bash", "-eu", "-o", "pipefail", "-c", script)
    assert code == 0, output
    assert "セキュリティ管理者に指定しました" in output


def test_every_page_and_setting_is_named():
    for path, _ in DOORS.values():
        assert f"`/desk{path}`" in PAGE
    for setting in ("SESSION", "IDENTITY"):
        assert f"SANDBOX_WEB21_DESK_{setting}_LIFETIME" in PAGE
