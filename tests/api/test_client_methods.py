"""Every way for a client to show who it is, held against every way that was registered (O-9)."""

import pytest

from tests.clientele import BROKEN_CODE, code_of, dpop, post, register
from tests.journals import address, entries, har
from tests.keys import Key, by_assertion
from tests.support import AGGREGATOR, basic, run_sandbox, secret_of

KEY = Key()
KNOWN = (400, "invalid_grant")
FAILED = (401, "invalid_client")
CONFUSED = (400, "invalid_request")
OPTIONS = {
    "client_secret_basic": {},
    "client_secret_post": {},
    "private_key_jwt": {"jwks": KEY.jwks},
    "tls_client_auth": {"tls_subject_dn": "CN=app"},
    "self_signed_tls_client_auth": {"jwks": KEY.jwks},
    "none": {},
}
CERTIFIED = ("tls_client_auth", "self_signed_tls_client_auth")


def ways(running, client_id="app"):
    """Return each way to call as ``client_id``: headers and form."""
    named, posted = {"client_id": client_id}, {"client_secret": secret_of(client_id)}
    return {
        "client_secret_basic": (basic(client_id), {}),
        "client_secret_post": ({}, {**named, **posted}),
        "private_key_jwt": ({}, by_assertion(KEY.assertion(running.sandbox.world, client_id))),
        "none": ({}, named),
    }


@pytest.mark.requirement("O-9", "O-10")
@pytest.mark.parametrize("registered", OPTIONS)
async def test_the_registered_method_works_and_no_other(running, registered):
    await register(running, "app", registered, **OPTIONS[registered])
    for method, (headers, form) in ways(running).items():
        status, body, said = await post(running, {**BROKEN_CODE, **form}, headers)
        is_right = method == registered
        assert (status, body["error"]) == (KNOWN if is_right else FAILED), method
        # Without its certificate a TLS client sends what one should send.
        is_hidden = is_right or (method == "none" and registered in CERTIFIED)
        assert said.get("X-Sandbox-Reason") == (None if is_hidden else "client_auth_method"), method
        is_challenged = not is_right and method == "client_secret_basic"
        assert said.get("WWW-Authenticate") == ('Basic realm="tomato"' if is_challenged else None)


@pytest.mark.requirement("O-9")
@pytest.mark.parametrize("client_id", [AGGREGATOR, "nobody"])
async def test_of_a_wrong_secret_or_name_testers_are_told_no_more(running, client_id):
    status, body, said = await post(running, BROKEN_CODE, basic(client_id, "wrong"))
    assert (status, body["error"]) == FAILED
    assert "X-Sandbox-Reason" not in said


async def test_the_journal_tells_of_the_method_and_a_strict_bank_does_not(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_strict_realism="1") as running:
        form = {"client_id": AGGREGATOR, "client_secret": secret_of(AGGREGATOR)}
        status, body, said = await post(running, {**BROKEN_CODE, **form})
        assert (status, body["error"]) == FAILED
        assert "X-Sandbox-Reason" not in said
        (entry,) = await entries(running, error_code="invalid_client")
        assert (entry["client_id"], entry["reason"]) == (AGGREGATOR, "client_auth_method")


@pytest.mark.requirement("O-9")
@pytest.mark.parametrize("registered", OPTIONS)
async def test_nobody_uses_two_methods_at_once(running, registered):
    await register(running, "app", registered, **OPTIONS[registered])
    calls = ways(running)
    for first, (headers, form) in calls.items():
        for second, (more_headers, more) in calls.items():
            if first == second or "none" in (first, second):
                continue
            fields = {**BROKEN_CODE, **form, **more}
            status, body, _ = await post(running, fields, {**headers, **more_headers})
            assert (status, body["error"]) == CONFUSED, (first, second)


@pytest.mark.requirement("O-9")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
async def test_what_is_no_method_of_fapis_is_refused_under_fapi(running, method):
    await register(running, "app", method, profile="fapi2")
    headers, form = ways(running)[method]
    status, body, _ = await post(running, {**BROKEN_CODE, **form}, headers)
    assert (status, body["error"]) == FAILED
    assert body["error_description"] == "profile fapi2 takes private_key_jwt or mutual TLS alone"


@pytest.mark.requirement("O-9")
async def test_an_unknown_client_is_told_what_a_known_one_is_told(running):
    for method, options in OPTIONS.items():
        await register(running, f"app-{method}", method, **options)
    for number in range(4):
        said = set()
        for client_id in (*(f"app-{method}" for method in OPTIONS), "nobody"):
            method, (headers, form) = list(ways(running, client_id).items())[number]
            if client_id == f"app-{method}":
                continue
            status, body, _ = await post(running, {**BROKEN_CODE, **form}, headers)
            said.add((status, str(body)))
        assert len(said) == 1


SECRETS = ["client_secret", "client_assertion", "code", "refresh_token", "token", "code_verifier"]


@pytest.mark.requirement("O-9", "O-15")
@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("path", ["token", "revoke"])
async def test_secrets_in_the_query_are_refused(running, path, name):
    for headers in ({}, basic(AGGREGATOR)):
        status, body, _ = await post(
            running, {**BROKEN_CODE, "token": "x"}, headers, path=f"{path}?{name}=x"
        )
        assert (status, body["error"]) == CONFUSED
        assert body["error_description"] == "a secret in the query string"


@pytest.mark.requirement("O-29")
async def test_assertions_and_proofs_are_kept_nowhere(tmp_path, template, caplog):
    async with run_sandbox(tmp_path, template=template, access_log="1") as running:
        await register(running, "app", "private_key_jwt", jwks=KEY.jwks, dpop_bound=True)
        world = running.sandbox.world
        assertion = KEY.assertion(world, "app", jti="jti-of-an-assertion")
        proof = KEY.proof(world, f"{running.base}/oauth/token", jti="jti-of-a-proof")
        form = {**await code_of(running, "app"), **by_assertion(assertion)}
        status, tokens, _ = await post(running, form, {"DPoP": proof})
        assert status == 200, tokens
        token = tokens["access_token"]
        used = KEY.proof(world, f"{running.base}/accounts", "GET", token=token, jti="jti-of-a-call")
        for _ in range(2):  # the second time it is refused
            headers = dpop(token, used)
            async with running.http.get(f"{running.base}/accounts", headers=headers) as answer:
                await answer.read()
        await post(running, form, {"DPoP": proof})
        await post(running, {**form, "client_assertion": f"{assertion[:-3]}xxx"}, {"DPoP": proof})
        shown = str(await har(running))
        async with running.http.get(address(running, tail="?limit=100")) as answer:
            shown += await answer.text()
        await world.journal.flush()
        files = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert "client_assertion=***" in shown
    for secret in (assertion, proof, used):
        for part in (secret, *secret.split(".")[1:]):
            assert part not in shown
            assert part not in caplog.text
            assert part.encode() not in files
    for jti in (b"jti-of-an-assertion", b"jti-of-a-proof", b"jti-of-a-call"):
        assert jti not in files
