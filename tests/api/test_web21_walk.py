"""Every row of ``web21``'s table, and every word of its refusals."""

import importlib
import inspect
import pkgutil

import jsonschema
import pytest
from yarl import URL

from sandbox.domain import errors
from sandbox.domain.oauth import contracted
from sandbox.domain.oauth.authorize import REDIRECTED_CHECKS, SHOWN_CHECKS
from sandbox.resources import data_root
from sandbox.settings import read_settings
from sandbox.web.profiles import PROFILES
from sandbox.web.schema import SchemaStore
from sandbox.web.web21 import ENDPOINTS, PROFILE
from tests.direct import BASE, MAIN_ACCOUNT, Direct, credentials
from tests.support import bearer

STORE = SchemaStore(data_root() / "schemas", ("web21",))
PATHS = [
    row.path.format(account_id=MAIN_ACCOUNT, transaction_id="261116000000001") for row in ENDPOINTS
]
READS = [place for place in zip(ENDPOINTS, PATHS, strict=True) if place[0].scope != "web21.appr"]
READS = [(row, path) for row, path in READS if row.method == "GET" and "261116" not in path]
SCOPE = "web21.ref web21.upd"
# What the specification lists (web21 §8), as far as an API or an error of the domain says it.
CODES = {
    400: {
        "totals_mismatch",
        "unknown_remitter",
        "invalid_parameter",
        "invalid_period",
        "period_out_of_range",
        "too_many_items",
        "not_business_day",
        "date_out_of_window",
    },
    401: {"invalid_token", "insufficient_user_authentication"},
    403: {
        "insufficient_scope",
        "contractor_mismatch",
        "right_removed",
        "service_not_contracted",
        "not_designated_approver",
        "account_restricted",
    },
    404: {"account_not_found", "transaction_not_found", "not_found"},
    405: {"method_not_allowed"},
    409: {"illegal_status", "idempotency_conflict", "double_login"},
    410: {"gone"},
    413: {"invalid_parameter"},
    415: {"unsupported_media_type"},
    429: {"too_many_requests"},
    500: {"internal_error"},
    503: {"service_unavailable", "outside_service_hours"},
    504: {"timeout"},
}
# Never said at a bank's API: by its desk and its pages alone.
ELSEWHERE = {
    "ActRefused",
    "ApplicationIncomplete",
    "CalendarHorizon",
    "ClientDataRefused",
    "InsufficientFunds",
}


def is_sound(name, body):
    """Ask both validators, which must be of one mind."""
    slow = jsonschema.Draft202012Validator(
        STORE.text(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    verdict = STORE.problems(name, body) == []
    assert verdict == slow.is_valid(body), (name, body)
    return verdict


def test_the_refusals_are_those_of_the_specification():
    rows = [*PROFILE.refusals.values(), *PROFILE.http_refusals.values()]
    said = [*rows, *(own for row in rows for own in row.by_code.values())]
    found: dict[int, set[str]] = {}
    for refusal in said:
        found.setdefault(refusal.status, set()).add(refusal.code)
        assert is_sound("web21/error", PROFILE.error_body(refusal, []))
    assert {status: found.get(status, set()) & codes for status, codes in CODES.items()} == CODES


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_bank_can_say_what_its_rows_meet(profile):
    """Errors of the plain domain; what only one kind of bank has is the other's business."""
    common = {
        found
        for found in vars(errors).values()
        if inspect.isclass(found) and issubclass(found, errors.BankError)
    } - {errors.BankError}
    missing = {error.__name__ for error in common - set(profile.refusals)}
    assert missing <= ELSEWHERE | {"IllegalTransition", "FunctionNotAvailable"}


def test_web21_can_say_every_error_of_its_contracts():
    package = importlib.import_module("sandbox.domain.corporate")
    for module in pkgutil.iter_modules(package.__path__):
        found = importlib.import_module(f"sandbox.domain.corporate.{module.name}")
        for error in vars(found).values():
            if inspect.isclass(error) and issubclass(error, errors.BankError):
                is_own = error.__module__ == found.__name__
                known = error in PROFILE.refusals or error.__name__ in ELSEWHERE
                assert known or not is_own, error


def test_every_check_of_contracts_is_in_the_lists():
    own = {
        check
        for check in vars(contracted).values()
        if inspect.isfunction(check)
        and check.__module__ == contracted.__name__
        and not check.__name__.startswith("_")
    }
    assert own <= {*SHOWN_CHECKS, *REDIRECTED_CHECKS}


def test_the_settings_table_and_the_profile_say_the_same():
    assert read_settings({}, {}).policy("web21", PROFILE.policy) == PROFILE.policy


def test_every_schema_is_used_and_every_one_that_is_named_is_there():
    named = {
        name
        for row in ENDPOINTS
        for name in (row.reply_schema, row.request_schema, row.body_schema, row.file_schema)
    }
    assert named - {None} | {"web21/error"} == STORE.names


async def test_every_row_answers_as_its_schema_says(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker", SCOPE))["access_token"]
    for row, path in READS:
        status, body, headers = await direct.get(path, token)
        assert status == 200, body
        assert is_sound(row.reply_schema, body)
        assert headers["Cache-Control"] == "no-store"
        for name in body:
            assert not is_sound(row.reply_schema, {**body, name: None})
        assert not is_sound(row.reply_schema, {**body, "more": 1})


async def refresh_token(direct, tokens):
    return bearer(tokens["refresh_token"])


async def nothing(direct, tokens):
    return {}


async def upper_case(direct, tokens):
    return bearer(tokens["access_token"].upper())


async def expired(direct, tokens):
    await direct.running.advance("30m")
    return bearer(tokens["access_token"])


async def revoked(direct, tokens):
    await direct.post("/oauth/revoke", token=tokens["refresh_token"])
    return bearer(tokens["access_token"])


async def basic_instead(direct, tokens):
    return credentials(direct.client_id)


@pytest.mark.requirement("W-30", "W-32", "O-16")
@pytest.mark.parametrize(
    ("present", "reason"),
    [
        (nothing, "no_token"),
        (refresh_token, "refresh_token_sent"),
        (upper_case, "unknown"),
        (basic_instead, "no_token"),
        (expired, "access_expired"),
        (revoked, "revoked_by_provider"),
    ],
)
async def test_no_row_opens_without_a_live_token(running, present, reason):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    headers = await present(direct, tokens)
    query = {"client_id": direct.client_id, "contractor_id": direct.contractor_id}
    for row, path in zip(ENDPOINTS, PATHS, strict=True):
        url = f"{direct.base}{path}"
        async with running.http.request(row.method, url, params=query, headers=headers) as answer:
            body = await answer.json()
            assert (answer.status, body["error_code"]) == (401, "invalid_token")
            assert answer.headers["X-Sandbox-Reason"] == reason
            assert is_sound("web21/error", body)


@pytest.mark.requirement("W-9")
@pytest.mark.parametrize("path", ["", "/", "/nothing", "/accounts/", "/accounts/1/2", "/oauth/x"])
async def test_an_undocumented_path_is_not_found(running, path):
    url = URL(f"{running.url}{BASE}{path}", encoded=True)
    async with running.http.get(url) as answer:
        body = await answer.json()
        assert (answer.status, body["error_code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_other_methods_are_not_allowed(running, method):
    taken = {path for row, path in zip(ENDPOINTS, PATHS, strict=True) if row.method == method}
    for path in set(PATHS) - taken:
        async with running.http.request(method, f"{running.url}{BASE}{path}") as answer:
            body = await answer.json()
            assert (answer.status, body["error_code"]) == (405, "method_not_allowed")


async def test_the_openapi_document_has_every_row_with_its_scopes(running):
    async with running.http.get(f"{running.url}/web21/openapi.json") as answer:
        document = await answer.json()
    assert set(document["paths"]) == {row.path for row in ENDPOINTS}
    for row in ENDPOINTS:
        operation = document["paths"][row.path][row.method.lower()]
        assert operation["security"] == [{"oauth": [scope]} for scope in row.scope.split()]
        if row.body_schema is None:
            names = {each["name"]: each["required"] for each in operation["parameters"]}
        else:
            content = operation["requestBody"]["content"]["application/json"]["schema"]
            name = content["$ref"].rpartition("/")[2]
            names = dict.fromkeys(document["components"]["schemas"][name]["required"], True)
        assert names["client_id"] is names["contractor_id"] is True
    flows = document["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"]
    assert set(flows["scopes"]) == {"web21.ref", "web21.upd", "web21.appr"}


async def test_the_journal_keeps_no_token_of_the_bank(running):
    direct = Direct(running)
    tokens = await direct.log_in("shoji_maker")
    await direct.get("/accounts", tokens["access_token"])
    await direct.refresh(tokens["refresh_token"])
    async with running.http.get(f"{running.control}/journal") as answer:
        text = await answer.text()
    for name in ("access_token", "refresh_token"):
        assert tokens[name] not in text
    assert "10000001-password" not in text
    assert '"contractor_id":"0000000000000000AG0000000001A001"' in text
