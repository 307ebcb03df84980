"""``/docs``: every resource of the control API, with fields and examples that hold."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

import sandbox.web.control
from sandbox.resources import data_root
from sandbox.web.control.examples import EXAMPLES, example_of, made
from sandbox.web.control.openapi import document
from sandbox.web.control.reference import DEEPEST, MOST_FIELDS, PROBLEMS, reference
from sandbox.web.control.table import ENDPOINTS
from sandbox.web.schema import SchemaStore
from tests.support import run_sandbox

SCHEMAS = SchemaStore(data_root() / "schemas", ("control",))
GROUPS = reference(document(ENDPOINTS, SCHEMAS), SCHEMAS)
OPERATIONS = [each for group in GROUPS for each in group.operations]
RAISED = re.compile(r'Problem\(\s*\d{3},\s*"([a-z-]+)"')


async def page_of(running, path="/docs"):
    async with running.http.get(running.sandbox.control_url + path) as answer:
        assert answer.status == 200
        return unescape(await answer.text())


def operation(method, path):
    (found,) = [each for each in OPERATIONS if (each.method, each.path) == (method, path)]
    return found


def test_every_row_is_in_the_reference_once():
    assert sorted((each.method, each.path) for each in OPERATIONS) == sorted(
        (row.method, row.path) for row in ENDPOINTS
    )


async def test_the_page_shows_them_all(running):
    page = await page_of(running)
    for row in ENDPOINTS:
        assert row.path in page
        assert row.title in page
    assert page.count('<details class="card operation">') == len(ENDPOINTS)


async def test_the_banks_own_documents_are_linked(running):
    page = await page_of(running)
    for bank in ("tomato", "web21"):
        assert f'href="{running.url}/{bank}/openapi.json"' in page
    assert 'href="/api/v1/openapi.json"' in page


@pytest.mark.parametrize("row", [each for each in OPERATIONS if each.takes], ids=lambda o: o.path)
def test_every_body_has_an_example_that_its_schema_finds_sound(row):
    assert row.example is not None
    (name,) = {
        each.request_schema
        for each in ENDPOINTS
        if (each.method, each.path) == (row.method, row.path)
    }
    assert SCHEMAS.problems(name, json.loads(row.example)) == []


def test_no_example_is_of_a_schema_that_is_gone():
    assert {f"control/{name}" for name in EXAMPLES} <= SCHEMAS.names


def test_an_example_that_its_schema_refuses_is_not_shown():
    schema = {"properties": {"what": {"type": "string"}}, "required": ["what"]}
    assert made(schema) == {"what": "…"}
    assert example_of("reset_request_of_nobody", schema, Refusing()) is None


class Refusing(SchemaStore):
    def __init__(self):
        super().__init__(data_root() / "schemas", ())

    def problems(self, name, body, *, hides_values=False):
        return [{"field": "", "problem": "no"}]


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ({"const": 3}, 3),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "number"}, 1),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "boolean"}}, []),
        ({"type": "array", "minItems": 1, "items": {"type": "boolean"}}, [True]),
        ({"type": "object", "properties": {"x": {"const": 1}}, "required": ["x"]}, {"x": 1}),
    ],
)
def test_a_body_is_made_of_what_is_required(schema, body):
    assert made({"properties": {"it": schema, "more": {}}, "required": ["it"]}) == {"it": body}


# Fields


def test_fields_are_listed_with_their_places_and_kinds():
    fields = {each.place: each for each in operation("POST", "/api/v1/worlds").takes}
    assert fields["clock.mode"].kind == "real | frozen | offset | scaled"
    assert (fields["seed"].kind, fields["seed"].is_required) == ("integer", False)
    assert fields["clock.mode"].is_required


def test_what_is_in_a_list_is_named_below_it():
    answer = operation("GET", "/api/v1/worlds")
    places = [each.place for each in answer.gives]
    assert {"worlds", "worlds[].name", "worlds[].clock"} <= set(places)
    assert all(place.count(".") < DEEPEST for place in places)


def test_the_effects_of_a_fault_are_named_by_their_kinds():
    (effect,) = [
        each
        for each in operation("POST", "/api/v1/worlds/{world}/faults").takes
        if each.place == "effect"
    ]
    assert "status" in effect.kind
    assert "lost_answer" in effect.kind


def test_no_list_of_fields_is_endless():
    assert all(len(each.takes) <= MOST_FIELDS for each in OPERATIONS)
    assert all(len(each.gives) <= MOST_FIELDS for each in OPERATIONS)


# Problems


def test_every_problem_that_the_door_raises_is_listed_and_no_other():
    folder = Path(sandbox.web.control.__file__).parent
    raised = {
        slug for path in folder.glob("*.py") for slug in RAISED.findall(path.read_text("utf-8"))
    }
    by_http = {"request-entity-too-large"}
    assert raised - {each.slug for each in PROBLEMS} == set(), "not listed"
    assert {each.slug for each in PROBLEMS} - by_http - raised == set(), "listed, and never raised"


@pytest.mark.parametrize(
    ("method", "path", "met", "not_met"),
    [
        ("DELETE", "/api/v1/worlds/{world}", "world-refused", "unauthorized"),
        ("GET", "/api/v1/worlds/{world}", "unknown-world", "not-json"),
        ("POST", "/api/v1/worlds", "world-exists", "unknown-world"),
        ("POST", "/api/v1/worlds/{world}/scenarios", "invalid-scenario", "unknown-fault"),
        ("GET", "/api/v1/worlds/{world}/scenarios/{id}", "unknown-scenario", "not-json"),
        ("GET", "/api/v1/worlds/{world}/faults/{id}", "unknown-fault", "unknown-stop"),
        ("POST", "/api/v1/worlds/{world}/tokens", "sign-in-refused", "unknown-snapshot"),
    ],
)
def test_each_operation_names_what_may_go_wrong_with_it(method, path, met, not_met):
    problems = operation(method, path).problems
    assert met in problems
    assert not_met not in problems


async def test_a_door_with_a_token_says_so_in_its_reference(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, control_token="t-1234567890") as running:
        url = f"{running.sandbox.control_url}/docs"
        async with running.http.get(
            url, headers={"Authorization": "Bearer t-1234567890"}
        ) as answer:
            page = await answer.text()
    assert "この口はトークンを求めます" in page
    assert "t-1234567890" not in page


async def test_a_door_without_one_does_not(running):
    assert "この口はトークンを求めます" not in await page_of(running)
