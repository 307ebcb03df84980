"""Acts on service contracts through the control door: what they do, and how they are refused."""

import pytest

from tests.direct import DENKI, FOODS, LOGI, SHOJI, Direct

RIGHTS = {"act": "set_rights", "by": "security01", "user_id": "keiri01"}


async def act(running, contractor_id, bank="web21", **body):
    url = f"{running.control}/bank/{bank}/contracts/{contractor_id}"
    async with running.http.post(url, json=body) as answer:
        return answer.status, await answer.json()


@pytest.mark.requirement("W-29", "W-46", "W-54", "W-60", "W-61", "W-27")
@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (RIGHTS | {"has_service_right": True, "rights": ["update"]}, (403, "right_removed")),
        (RIGHTS | {"has_service_right": False, "rights": []}, (401, "right_removed_by_admin")),
        ({"act": "change_services", "services": ["update"]}, (403, "service_not_contracted")),
        ({"act": "terminate"}, (401, "contract_ended")),
        ({"act": "suspend"}, (401, "contract_ended")),
        ({"act": "end"}, (401, "contract_ended")),
        ({"act": "resume"}, (200, None)),
        ({"act": "unlink", "child": LOGI}, (200, None)),
    ],
)
async def test_the_next_call_meets_what_was_done(running, body, verdict):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    assert await act(running, SHOJI, **body) == (200, {})
    assert await direct.verdict(token) == verdict


@pytest.mark.requirement("W-25", "W-38", "W-40")
async def test_an_application_goes_all_the_way_to_a_token(running):
    foods = Direct(running, FOODS)
    assert await act(running, FOODS, act="accept") == (200, {})
    assert (await foods.log_in("foods_maker"))["scope"] == "web21.ref"
    denki = Direct(running, DENKI)
    ready = {"by": "keiri01", "password": "10000004-password"}
    ready["web_servers"] = ["http://localhost:8000/callback"]
    assert await act(running, DENKI, act="register_client", **ready) == (200, {})
    assert (await denki.log_in("denki_maker"))["scope"] == "web21.ref"


@pytest.mark.requirement("W-38")
async def test_an_issued_client_is_answered_once(running):
    async with running.sandbox.world.database.transaction() as db:
        await db.execute(
            "UPDATE service_contract SET client_id = NULL WHERE contractor_id = $1", DENKI
        )
    status, issued = await act(running, DENKI, act="issue_client", by="keiri01")
    assert (status, set(issued)) == (200, {"client_id", "encryption_key"})
    status, problem = await act(running, DENKI, act="issue_client", by="keiri01")
    assert (status, problem["type"].rpartition(":")[2]) == (409, "illegal-status")


@pytest.mark.parametrize(
    ("contractor", "body", "status", "slug"),
    [
        ("nobody", {"act": "terminate"}, 404, "unknown-subject"),
        ("nobody", {"act": "suspend"}, 404, "unknown-subject"),
        ("persona-shoji", {"act": "end"}, 404, "unknown-subject"),
        (SHOJI, {"act": "unlink", "child": SHOJI}, 404, "unknown-subject"),
        (SHOJI, {"act": "accept"}, 409, "illegal-status"),
        (FOODS, {"act": "terminate"}, 409, "illegal-status"),
        (
            SHOJI,
            RIGHTS | {"by": "keiri01", "has_service_right": True, "rights": []},
            403,
            "act-refused",
        ),
        (
            SHOJI,
            {"act": "name_security_administrator", "by": "keiri01", "user_id": "keiri01"},
            403,
            "act-refused",
        ),
        (
            DENKI,
            {"act": "register_client", "by": "keiri01", "password": "x", "web_servers": []},
            422,
            "invalid-request",
        ),
        (SHOJI, {"act": "set_rights"}, 422, "invalid-request"),
        (SHOJI, {"act": "unlink"}, 422, "invalid-request"),
        (SHOJI, {"act": "change_services", "services": []}, 422, "invalid-request"),
        (SHOJI, {"act": "change_services", "services": ["all"]}, 422, "invalid-request"),
        (SHOJI, {"act": "dissolve"}, 422, "invalid-request"),
        (SHOJI, {}, 422, "invalid-request"),
    ],
)
async def test_what_cannot_be_done_is_a_problem(running, contractor, body, status, slug):
    found, problem = await act(running, contractor, **body)
    assert (found, problem["type"].rpartition(":")[2]) == (status, slug)


async def test_a_bank_of_providers_has_no_such_contracts(running):
    status, problem = await act(running, "persona-shoji", bank="tomato", act="terminate")
    assert (status, problem["type"].rpartition(":")[2]) == (404, "unknown-subject")
