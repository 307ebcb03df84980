"""Field encryption as others do it: Node's own crypto, and the commands of the guide."""

import asyncio
import json
import os
import re
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tests.clients.node_modules import node
from tests.direct import MAIN_ACCOUNT, Direct
from tests.sealing import FIELDS, switched_on
from tests.vectors import KEY, VECTORS

SCRIPT = Path(__file__).parent / "field_encryption.mjs"
GUIDE = Path(__file__).parents[2] / "docs" / "encryption.md"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


async def in_node(key, opening=(), sealing=()):
    process = await asyncio.create_subprocess_exec(
        node(),
        str(SCRIPT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    wish = {"key": key, "open": list(opening), "seal": list(sealing)}
    output, errors = await process.communicate(json.dumps(wish).encode())
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


@pytest.mark.requirement("W-39")
async def test_another_implementation_makes_and_opens_the_published_vectors():
    found = await in_node(
        b64encode(KEY).decode(),
        [{"field": each.field, "sealed": each.sealed} for each in VECTORS],
        [{"field": each.field, "text": each.text, "nonce": each.nonce} for each in VECTORS],
    )
    assert found["opened"] == [each.text for each in VECTORS]
    assert found["sealed"] == [each.sealed for each in VECTORS]


@pytest.mark.requirement("W-39")
async def test_another_implementation_opens_a_balance(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    key = await switched_on(direct)
    _, body, _ = await direct.get(f"/accounts/{MAIN_ACCOUNT}", token)
    asked = [{"field": name, "sealed": body[name]} for name in ("contact_name", "account_number")]
    found = await in_node(key.text, asked)
    assert found["opened"] == ["サンプル商事株式会社", "1000001"]


def test_the_guide_publishes_the_vectors_and_the_fields():
    text = GUIDE.read_text(encoding="utf-8")
    assert f"`{KEY.hex()}`" in text
    for each in VECTORS:
        shown = f"`{each.text}`" if each.text else "(empty)"
        assert f"| `{each.field}` | {shown} | `{each.nonce}` | `{each.sealed}` |" in text
    (row,) = re.findall(r"^\| Fields \| (.+) \|$", text, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == FIELDS


async def test_the_commands_of_the_guide_read_a_balance(running, tmp_path):
    (script,) = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    directory = tmp_path / "guide"
    directory.mkdir()
    process = await asyncio.create_subprocess_exec(
        "bash",
        *("-eu", "-o", "pipefail", "-c", script),
        cwd=directory,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert re.fullmatch(r"サンプル商事株式会社 1000001 \d+", output.decode().strip())
