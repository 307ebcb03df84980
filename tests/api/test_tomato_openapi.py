"""The bank's OpenAPI document says what the bank does."""

import re

import jsonschema
import pytest

from sandbox.resources import data_root
from sandbox.web.tomato import ENDPOINTS, PROFILE


@pytest.fixture
async def document(running):
    async with running.http.get(f"{running.url}/tomato/openapi.json") as answer:
        assert answer.status == 200
        return await answer.json()


def references(node):
    """Yield every ``$ref`` below ``node``."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def target_of(document, reference):
    assert reference.startswith("#/")
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


async def test_every_row_stands_in_the_document_and_nothing_else(document):
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert described == {(row.method, row.path) for row in ENDPOINTS}


async def test_every_reference_leads_somewhere(document):
    found = set(references(document))
    assert found
    for reference in found:
        assert target_of(document, reference)
    used = {reference.rpartition("/")[2] for reference in found}
    assert used == set(document["components"]["schemas"])


async def test_every_schema_of_the_document_is_a_schema(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                jsonschema.Draft202012Validator.check_schema(parameter["schema"])


async def test_the_document_has_what_the_standard_asks_for(document):
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"]
    operations = [o for item in document["paths"].values() for o in item.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids) == len(ENDPOINTS)
    for path, item in document["paths"].items():
        for operation in item.values():
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            for status, response in operation["responses"].items():
                assert re.fullmatch(r"[1-5]\d\d", status)
                assert response["description"]


async def test_every_refusal_of_the_bank_is_described_at_every_row(document):
    statuses = {
        str(refusal.status)
        for refusal in (*PROFILE.refusals.values(), *PROFILE.http_refusals.values())
    }
    for item in document["paths"].values():
        for operation in item.values():
            assert statuses | {"200"} == set(operation["responses"])


async def test_the_document_names_servers_and_oauth_endpoints_that_answer(document, running):
    servers = [server["url"] for server in document["servers"]]
    assert servers == [f"{running.url}/tomato{base}" for base in PROFILE.bases]
    for server in servers:
        async with running.http.get(f"{server}/accounts") as answer:
            assert answer.status == 401
    flow = document["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"]
    assert set(flow["scopes"]) == PROFILE.scopes
    async with running.http.get(flow["authorizationUrl"]) as answer:
        assert answer.status == 400
    for name in ("tokenUrl", "refreshUrl"):
        async with running.http.post(flow[name], data={"x": "1"}) as answer:
            assert answer.status == 401


async def test_schema_files_are_the_schemas_that_rows_name():
    folder = data_root() / "schemas" / "tomato"
    files = {f"tomato/{entry.name.removesuffix('.json')}" for entry in folder.iterdir()}
    named = {row.reply_schema for row in ENDPOINTS}
    named |= {row.request_schema for row in ENDPOINTS if row.request_schema is not None}
    assert files == named | {"tomato/error"}
