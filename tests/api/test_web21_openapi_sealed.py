"""The OpenAPI document marks the fields that travel sealed: all of them, and no other."""

import pytest
from jsonschema import Draft202012Validator

from sandbox.web.openapi import MARK
from tests.direct import MAIN_ACCOUNT, Direct
from tests.sealing import switched_on

READS = (
    "/users",
    "/accounts",
    f"/accounts/{MAIN_ACCOUNT}",
    f"/accounts/{MAIN_ACCOUNT}/transactions",
)


async def document(running, bank):
    async with running.http.get(f"{running.url}/{bank}/openapi.json") as answer:
        assert answer.status == 200
        return await answer.json()


def marks(schema, path=()):
    """Yield where a schema says that a field is sealed: by names, [] for the members of a list."""
    if schema.get(MARK):
        yield path
    for name, each in schema.get("properties", {}).items():
        yield from marks(each, (*path, name))
    if "items" in schema:
        yield from marks(schema["items"], (*path, "[]"))


def texts(body, path=()):
    """Yield (place, text) of each text of a body."""
    if isinstance(body, dict):
        for name, each in body.items():
            yield from texts(each, (*path, name))
    elif isinstance(body, list):
        for each in body:
            yield from texts(each, (*path, "[]"))
    elif isinstance(body, str):
        yield path, body


def example_of(schema):
    """Return a body with every field that a schema knows."""
    if "properties" in schema:
        return {name: example_of(each) for name, each in schema["properties"].items()}
    if "items" in schema:
        return [example_of(schema["items"])]
    kind = schema.get("type")
    return "text" if kind == "string" or (isinstance(kind, list) and "string" in kind) else 1


async def test_every_field_that_the_bank_seals_in_any_body_is_marked_and_no_other(running):
    schemas = (await document(running, "web21"))["components"]["schemas"]
    bank = running.sandbox.bank("web21")
    direct = Direct(running)
    await switched_on(direct)
    ring = await bank.encryption.find(direct.contractor_id)
    assert ring is not None
    found = {}
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        clear = example_of(schema)
        sealed = await bank.encryption.seal(ring, clear)
        changed = {place for place, text in texts(sealed) if text != "text"}
        assert set(marks(schema)) == changed, name
        found[name] = len(changed)
    assert found["web21_error"] == 0  # a refusal is told in clear
    assert found["web21_balance"] == 2
    assert sum(each > 0 for each in found.values()) >= 8


@pytest.mark.parametrize("path", READS)
async def test_what_travels_sealed_is_what_the_document_marks(running, path):
    described = await document(running, "web21")
    template = path.replace(MAIN_ACCOUNT, "{account_id}")
    reply = described["paths"][template]["get"]["responses"]["200"]
    component = reply["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    marked = set(marks(described["components"]["schemas"][component]))
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    _, clear, _ = await direct.get(path, token)
    await switched_on(direct)
    _, sealed, _ = await direct.get(path, token)
    changed = {
        place
        for (place, before), (_, after) in zip(texts(clear), texts(sealed), strict=True)
        if before != after
    }
    assert changed
    assert changed <= marked
    there = {place for place, _ in texts(clear)}
    assert marked & there == changed


async def test_the_document_says_what_the_mark_means(running):
    described = (await document(running, "web21"))["info"]["description"]
    assert MARK in described
    assert "AES-256-GCM" in described


async def test_a_bank_that_seals_nothing_marks_nothing(running):
    assert MARK not in str(await document(running, "tomato"))
