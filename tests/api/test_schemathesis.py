"""Schemathesis against the documents that the server itself hands out (a bounded run each)."""

import asyncio
import os
import sys
from pathlib import Path

from tests.direct import Direct

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "10")


async def schemathesis(document: str, directory: Path, *more: str) -> tuple[int, str]:
    program = Path(sys.executable).with_name("schemathesis")
    arguments = ["run", document, "--checks", ",".join(CHECKS), "--max-examples", EXAMPLES]
    process = await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        "--seed=1",
        "--suppress-health-check=too_slow",  # it goes by the wall clock: a busy machine would fail
        "--no-color",
        *more,
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_control_door_keeps_to_its_document(running, tmp_path):
    document = f"{running.sandbox.control_url}/api/v1/openapi.json"
    code, output = await schemathesis(document, tmp_path)
    assert code == 0, output
    operations = len(await paths_of(running, document))
    assert f"Tested: {operations}" in output


async def test_the_bank_keeps_to_its_document(running, tmp_path):
    tokens = await running.log_in("hanako")
    header = f"Authorization: Bearer {tokens['access_token']}"
    document = f"{running.url}/tomato/openapi.json"
    code, output = await schemathesis(document, tmp_path, "-H", header)
    assert code == 0, output
    assert f"Tested: {len(await paths_of(running, document))}" in output


async def test_the_bank_of_contracts_keeps_to_its_document(running, tmp_path):
    tokens = await Direct(running).log_in("shoji_maker", "web21.ref web21.upd")
    header = f"Authorization: Bearer {tokens['access_token']}"
    document = f"{running.url}/web21/openapi.json"
    code, output = await schemathesis(document, tmp_path, "-H", header)
    assert code == 0, output
    assert f"Tested: {len(await paths_of(running, document))}" in output


async def paths_of(running, document: str) -> list[str]:
    """Return the operations of a document, as ``GET /path``."""
    async with running.http.get(document) as answer:
        paths = (await answer.json())["paths"]
    return [f"{method} {path}" for path, methods in paths.items() for method in methods]
