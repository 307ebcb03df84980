"""DPoP at the bank's APIs (RFC 9449 §7): a bound token opens nothing without its key."""

import asyncio

import pytest

from tests.api.test_dpop_token import KEY, NONCE, OTHER, PUBLIC, bound, tokens_of
from tests.api.test_tomato_walk import is_sound
from tests.clientele import accounts, as_bearer, code_of, dpop, post, register
from tests.journals import entries
from tests.keys import Key, by_assertion
from tests.support import AGGREGATOR, basic, bearer

ALGS = 'algs="ES256 PS256 EdDSA Ed25519 RS256"'
BEARER = 'Bearer error="invalid_token"'
BY_DPOP = f'DPoP error="invalid_token", {ALGS}'
NO_PROOF = (
    'DPoP error="invalid_dpop_proof", '
    f'error_description="exactly one DPoP header is required", {ALGS}'
)


def url_of(running):
    return f"{running.base}/accounts"


def proof_for(running, token, key=KEY, htm="GET", **changes):
    htu = changes.pop("htu", url_of(running))
    return key.proof(running.sandbox.world, htu, htm, token=token, **changes)


def refused(what):
    return f'DPoP error="invalid_dpop_proof", error_description="the DPoP proof: {what}", {ALGS}'


# What is sent with a bound token → the challenge; None: the door opens.
BOUND = {
    "its proof": (lambda r, t: dpop(t, proof_for(r, t)), None),
    "scheme in capitals": (
        lambda r, t: {"Authorization": f"DPOP {t}", "DPoP": proof_for(r, t)},
        None,
    ),
    "bearer": (lambda r, t: bearer(t), BY_DPOP),
    "bearer with the proof": (lambda r, t: as_bearer(t, proof_for(r, t)), BY_DPOP),
    "no proof": (lambda r, t: {"Authorization": f"DPoP {t}"}, NO_PROOF),
    "two proofs": (
        lambda r, t: [*dpop(t, proof_for(r, t)).items(), ("DPoP", proof_for(r, t))],
        NO_PROOF,
    ),
    "another key": (lambda r, t: dpop(t, proof_for(r, t, OTHER)), BY_DPOP),
    "no ath": (
        lambda r, t: dpop(t, proof_for(r, None)),
        refused("ath must be the hash of the access token"),
    ),
    "ath of another token": (
        lambda r, t: dpop(t, proof_for(r, "other")),
        refused("ath must be the hash of the access token"),
    ),
    "ath a number": (
        lambda r, t: dpop(t, proof_for(r, t, ath=5)),
        refused("ath must be the hash of the access token"),
    ),
    "ath of no letters": (
        lambda r, t: dpop(t, proof_for(r, t, ath="\ud800")),
        refused("ath must be the hash of the access token"),
    ),
    "htm of another": (
        lambda r, t: dpop(t, proof_for(r, t, htm="POST")),
        refused("htm must be GET"),
    ),
    "htu of another": (
        lambda r, t: dpop(t, proof_for(r, t, htu=f"{r.base}/oauth/token")),
        refused("htu must be {url}"),
    ),
    "an hour old": (
        lambda r, t: dpop(t, proof_for(r, t, iat=r.sandbox.world.now() // 1000 - 3600)),
        refused("iat must be within 60 s of the bank's clock, {now}"),
    ),
    "ten seconds old": (
        lambda r, t: dpop(t, proof_for(r, t, iat=r.sandbox.world.now() // 1000 - 10)),
        None,
    ),
    "no proof at all": (lambda r, t: dpop(t, "x"), refused("not a signed JWT")),
}


@pytest.mark.requirement("O-15", "O-16", "O-17")
@pytest.mark.parametrize(("present", "challenge"), BOUND.values(), ids=BOUND)
async def test_a_bound_token_opens_nothing_without_its_key(running, present, challenge):
    await bound(running)
    token = (await tokens_of(running))["access_token"]
    status, body, headers = await accounts(running, present(running, token))
    if challenge is None:
        assert status == 200, headers["WWW-Authenticate"]
        assert body["accounts"]
        return
    now = running.sandbox.world.now() // 1000
    assert headers["WWW-Authenticate"] == challenge.format(url=url_of(running), now=now)
    assert (status, body["error_code"]) == (401, "invalid_token")
    assert is_sound("tomato/error", body)
    assert headers["X-Sandbox-Reason"] == "key_not_proven"


# What is sent with a token that is bound to nothing.
UNBOUND = {
    "bearer": (lambda r, t: bearer(t), None),
    "bearer with a proof": (lambda r, t: as_bearer(t, proof_for(r, t)), None),
    "DPoP": (lambda r, t: dpop(t, proof_for(r, t)), BY_DPOP),
    "DPoP without a proof": (lambda r, t: {"Authorization": f"DPoP {t}"}, BY_DPOP),
    "an unknown token": (lambda r, t: bearer("x"), BEARER),
    "an unknown token with DPoP": (lambda r, t: dpop("x", proof_for(r, "x")), BY_DPOP),
    "nothing": (lambda r, t: {}, f"Bearer, DPoP {ALGS}"),
    "a proof alone": (lambda r, t: {"DPoP": proof_for(r, t)}, f"Bearer, DPoP {ALGS}"),
    "DPoP with nothing behind it": (lambda r, t: {"Authorization": "DPoP"}, f"Bearer, DPoP {ALGS}"),
}


@pytest.mark.requirement("O-15", "O-16", "O-17")
@pytest.mark.parametrize(("present", "challenge"), UNBOUND.values(), ids=UNBOUND)
async def test_a_token_that_is_bound_to_nothing_goes_with_bearer(running, present, challenge):
    token = (await running.log_in("taro"))["access_token"]
    status, _, headers = await accounts(running, present(running, token))
    assert (status, headers.get("WWW-Authenticate")) == (401 if challenge else 200, challenge)


@pytest.mark.requirement("O-16", "O-17")
async def test_challenges_name_the_scheme_that_the_call_came_with(running):
    await bound(running)
    token = (await tokens_of(running))["access_token"]
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE token SET scope = 'other'")
    status, _, headers = await accounts(running, dpop(token, proof_for(running, token)))
    assert status == 403
    assert headers["WWW-Authenticate"] == (
        f'DPoP error="insufficient_scope", scope="accounts", {ALGS}'
    )
    await running.advance("31m")
    status, _, headers = await accounts(running, dpop(token, proof_for(running, token)))
    assert (status, headers["WWW-Authenticate"]) == (401, BY_DPOP)
    assert headers["X-Sandbox-Reason"] == "access_expired"


@pytest.mark.requirement("O-17")
async def test_a_proof_opens_one_door_once(running):
    await bound(running)
    token = (await tokens_of(running))["access_token"]
    proof = proof_for(running, token, jti="same")
    answers = await asyncio.gather(*(accounts(running, dpop(token, proof)) for _ in range(20)))
    statuses = [status for status, _, _ in answers]
    assert (statuses.count(200), statuses.count(401)) == (1, 19)
    status, _, headers = await accounts(running, dpop(token, proof))
    assert (status, headers["WWW-Authenticate"]) == (401, refused("jti was used before"))


@pytest.mark.requirement("O-17")
async def test_a_query_is_no_part_of_the_address_that_a_proof_is_for(running):
    await bound(running)
    token = (await tokens_of(running))["access_token"]
    headers = dpop(token, proof_for(running, token))
    async with running.http.get(f"{url_of(running)}?x=1", headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.requirement("O-17")
async def test_the_dance_for_a_nonce(running):
    await bound(running, NONCE, dpop_nonce=True)
    token = (await tokens_of(running, NONCE, nonce=running.bank.proofs.nonces()[0]))["access_token"]
    status, _, headers = await accounts(running, dpop(token, proof_for(running, token)))
    assert status == 401
    assert headers["WWW-Authenticate"] == (
        'DPoP error="use_dpop_nonce", '
        f'error_description="the DPoP proof must carry the nonce of this answer", {ALGS}'
    )
    nonce = headers["DPoP-Nonce"]
    proof = proof_for(running, token, nonce=nonce)
    status, _, headers = await accounts(running, dpop(token, proof))
    assert (status, headers["DPoP-Nonce"]) == (200, nonce)
    await running.advance("5m")
    proof = proof_for(running, token, nonce=nonce)
    status, _, headers = await accounts(running, dpop(token, proof))
    assert (status, headers["DPoP-Nonce"] != nonce) == (200, True)


@pytest.mark.requirement("O-17")
async def test_a_client_of_fapi_may_not_prove_its_key_by_rs256(running):
    signer, key = Key(), Key(alg="RS256")
    await register(running, "strict", "private_key_jwt", jwks=signer.jwks)
    world = running.sandbox.world
    form = {
        **await code_of(running, "strict"),
        **by_assertion(signer.assertion(world, "strict")),
    }
    proof = key.proof(world, f"{running.base}/oauth/token")
    status, tokens, _ = await post(running, form, {"DPoP": proof})
    assert (status, tokens["token_type"]) == (200, "DPoP")
    token = tokens["access_token"]
    assert (await accounts(running, dpop(token, proof_for(running, token, key))))[0] == 200
    async with world.database.transaction() as db:
        await db.execute("UPDATE client SET security_profile = 'fapi2'")
    status, _, headers = await accounts(running, dpop(token, proof_for(running, token, key)))
    assert (status, headers["WWW-Authenticate"]) == (401, refused("the algorithm is not allowed"))


@pytest.mark.requirement("O-17")
async def test_whose_bound_token_it_was_is_in_the_journal(running):
    await bound(running)
    token = (await tokens_of(running))["access_token"]
    await accounts(running, bearer(token))
    (entry,) = await entries(running, last=1)
    assert (entry["client_id"], entry["reason"]) == (PUBLIC, "key_not_proven")
    assert entry["error_code"] == "invalid_token"


@pytest.mark.requirement("O-17")
async def test_a_bound_token_can_be_revoked_without_a_proof(running):
    await bound(running)
    token = (await tokens_of(running))["access_token"]
    status, _, _ = await post(running, {"token": token, "client_id": PUBLIC}, path="revoke")
    assert status == 200
    _, _, headers = await accounts(running, dpop(token, proof_for(running, token)))
    assert headers["X-Sandbox-Reason"] == "revoked_by_provider"


@pytest.mark.requirement("O-17")
async def test_a_certificate_bound_token_is_nothing_over_plain_http(running):
    """The token's key is a certificate, which no call of the plain door can show."""
    form = await code_of(running, AGGREGATOR)
    status, tokens, _ = await post(running, form, basic(AGGREGATOR))
    assert status == 200
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE token SET binding = 'x5t:abc'")
    token = tokens["access_token"]
    for headers, challenge in (
        (bearer(token), BEARER),
        (dpop(token, proof_for(running, token)), BY_DPOP),
    ):
        status, _, said = await accounts(running, headers)
        assert (status, said["WWW-Authenticate"]) == (401, challenge)
