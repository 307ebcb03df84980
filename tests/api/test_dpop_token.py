"""DPoP at the token endpoint (RFC 9449 §5, §8): which proofs bind a token, and what they bind."""

import asyncio
import json

import pytest
from joserfc import jws
from joserfc.jwk import import_key

from sandbox.services.oauth import dpop as service
from tests.clientele import BROKEN_CODE, accounts, code_of, dpop, post, register
from tests.keys import Key, b64, packed
from tests.support import AGGREGATOR, BASE, basic

PUBLIC = "bound-app"  # public, DPoP required
NONCE = "nonce-app"  # … and nonces
KEY, OTHER = Key(), Key()
PASSED = (400, "invalid_grant")  # the proof is good; the code is made up
REFUSED = (400, "invalid_dpop_proof")
MISSING = (400, "invalid_request")


async def bound(running, client_id=PUBLIC, **options):
    return await register(running, client_id, "none", **{"dpop_bound": True, **options})


async def send(running, proof, client_id=PUBLIC, form=BROKEN_CODE):
    headers = [("DPoP", each) for each in (proof if isinstance(proof, list) else [proof])]
    return await post(running, {**form, "client_id": client_id}, headers)


def url_of(running):
    return f"{running.base}/oauth/token"


def proof_for(running, **changes):
    htu = changes.pop("htu", url_of(running))
    return KEY.proof(running.sandbox.world, htu, **changes)


async def tokens_of(running, client_id=PUBLIC, key=KEY, **changes):
    """Return the tokens of a fresh code, bound to ``key``."""
    form = {**await code_of(running, client_id), "client_id": client_id}
    proof = key.proof(running.sandbox.world, url_of(running), **changes)
    status, body, _ = await post(running, form, {"DPoP": proof})
    assert status == 200, body
    return body


def moments(*offsets):
    return {f"iat {n:+} s": ({"iat": n}, PASSED if abs(n) <= 60 else REFUSED) for n in offsets}


# What is changed of a sound proof; "iat" counts from now, and a text in "htu" stands for itself.
CLAIMS = {
    "nothing": ({}, PASSED),
    **moments(0, 10, -10, 60, -60, 61, -61, 3600, -3600),
    "iat of parts of a second": ({"iat": 0.25}, PASSED),
    "no jti": ({"jti": None}, REFUSED),
    "jti empty": ({"jti": ""}, REFUSED),
    "jti a number": ({"jti": 7}, REFUSED),
    "jti of no letters": ({"jti": "\ud800"}, PASSED),
    "htm GET": ({"htm": "GET"}, REFUSED),
    "htm in small letters": ({"htm": "post"}, REFUSED),
    "no htm": ({"htm": None}, REFUSED),
    "no htu": ({"htu": None}, REFUSED),
    "htu a list": ({"htu": ["x"]}, REFUSED),
    "htu empty": ({"htu": ""}, REFUSED),
    "htu of another host": ({"htu": "https://other.example/oauth/token"}, REFUSED),
    "htu no address": ({"htu": "http://[::"}, REFUSED),
    "a nonce nobody asked for": ({"nonce": "x"}, PASSED),
    "ath without a token": ({"ath": "x"}, PASSED),
}
ODD_TIMES = ["now", None, True, [], {}, float("inf"), float("nan"), 10**30, "1763254800"]


@pytest.mark.requirement("O-17")
@pytest.mark.parametrize(("changes", "expected"), CLAIMS.values(), ids=CLAIMS)
async def test_each_claim_of_a_proof(running, changes, expected):
    await bound(running)
    now = running.sandbox.world.now() // 1000
    absolute = {n: now + v if n == "iat" else v for n, v in changes.items()}
    status, body, headers = await send(running, proof_for(running, **absolute))
    assert (status, body["error"]) == expected
    assert body["error_description"].isascii()
    assert headers["Cache-Control"] == "no-store"
    assert "DPoP-Nonce" not in headers


@pytest.mark.requirement("O-17")
async def test_what_is_no_moment_is_refused(running):
    await bound(running)
    for iat in ODD_TIMES:
        status, body, _ = await send(running, proof_for(running, iat=iat))
        assert (status, body["error"]) == REFUSED, iat


def unsigned(running, alg, signature=b"", jwk=None):
    claims = {"jti": "x", "htm": "POST", "htu": url_of(running), "iat": 0}
    return packed(
        {"typ": "dpop+jwt", "alg": alg, "jwk": jwk or KEY.bare}, claims, signature=signature
    )


def symmetric(running):
    return unsigned(running, "HS256", bytes(32), {"kty": "oct", "k": b64(b"k" * 32)})


def with_header(**header):
    return lambda running: proof_for(running, header=header)


SIGNATURES = {
    "sound": (proof_for, PASSED),
    "no typ": (with_header(typ=None), REFUSED),
    "typ JWT": (with_header(typ="JWT"), REFUSED),
    "typ in large letters": (with_header(typ="DPoP+JWT"), PASSED),
    "no jwk": (with_header(jwk=None), REFUSED),
    "jwk a text": (lambda running: unsigned(running, "ES256", jwk="x"), REFUSED),
    "jwk a list": (lambda running: unsigned(running, "ES256", jwk=[KEY.bare]), REFUSED),
    "jwk of nothing": (lambda running: unsigned(running, "ES256", jwk={"kty": "EC"}), REFUSED),
    "jwk of a kind that is none": (
        lambda running: unsigned(running, "ES256", jwk={**KEY.bare, "kty": []}),
        REFUSED,
    ),
    "jwk of a curve that is none": (
        lambda running: unsigned(running, "ES256", jwk={**KEY.bare, "crv": "x"}),
        REFUSED,
    ),
    "jwk off its curve": (
        lambda running: unsigned(running, "ES256", jwk={**KEY.bare, "x": KEY.bare["y"]}),
        REFUSED,
    ),
    "jwk with its private half": (with_header(jwk={**KEY.bare, "d": KEY.jwk["d"]}), REFUSED),
    "jwk of another": (with_header(jwk=OTHER.bare), REFUSED),
    "symmetric": (symmetric, REFUSED),
    "none": (lambda running: unsigned(running, "none"), REFUSED),
    "no alg": (lambda running: unsigned(running, None), REFUSED),
    "no signature": (lambda running: unsigned(running, "ES256"), REFUSED),
    "a signature of zeros": (lambda running: unsigned(running, "ES256", bytes(64)), REFUSED),
    "no JWT": (lambda running: "x", REFUSED),
    "empty": (lambda running: "", REFUSED),
    "two": (lambda running: [proof_for(running), proof_for(running)], REFUSED),
    "the same one twice": (lambda running: [proof_for(running, jti="x")] * 2, REFUSED),
    "none at all": (lambda running: [], MISSING),
}


@pytest.mark.requirement("O-17")
@pytest.mark.parametrize(("make", "expected"), SIGNATURES.values(), ids=SIGNATURES)
async def test_each_signature_of_a_proof(running, make, expected):
    await bound(running)
    status, body, _ = await send(running, make(running))
    assert (status, body["error"]) == expected


@pytest.mark.requirement("O-17")
async def test_a_proof_of_nested_brackets_is_refused(running):
    await bound(running)
    key = import_key({k: v for k, v in KEY.jwk.items() if k not in ("alg", "use")})
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": KEY.bare}
    proof = jws.serialize_compact(header, b"[" * 5_000, key, algorithms=["ES256"])
    status, body, _ = await send(running, proof)
    assert (status, body["error"]) == REFUSED


@pytest.mark.requirement("O-17")
@pytest.mark.parametrize("profile", ["bank", "fapi2"])
async def test_each_algorithm_that_a_proof_may_be_signed_with(running, profile):
    signer = Key(kid="signer")
    client_id = "any-app"
    await register(running, client_id, "private_key_jwt", profile=profile, jwks=signer.jwks)
    for alg in ("ES256", "PS256", "EdDSA", "Ed25519", "RS256", "ES384"):
        key = Key(alg=alg)
        proof = key.proof(running.sandbox.world, url_of(running))
        assertion = signer.assertion(running.sandbox.world, client_id)
        form = {**BROKEN_CODE, "client_assertion": assertion}
        form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        _, body, _ = await post(running, form, {"DPoP": proof})
        is_allowed = alg != "ES384" and not (profile == "fapi2" and alg == "RS256")
        assert body["error"] == ("invalid_grant" if is_allowed else "invalid_dpop_proof"), alg


@pytest.mark.requirement("O-17")
async def test_the_address_may_be_written_in_any_way_that_means_the_same(running):
    await bound(running)
    url = url_of(running)
    for htu in (
        url.replace("http:", "HTTP:"),
        f"{url}?x=1",
        f"{url}#x",
        url.replace("/oauth/", "/./oauth/"),
        url.replace("/oauth/", "/x/../oauth/"),
        url.replace("/oauth/", "/%6Fauth/"),
    ):
        status, body, _ = await send(running, proof_for(running, htu=htu))
        assert (status, body["error"]) == PASSED, htu
    for htu in (
        f"{url}/",
        url.replace("/oauth/", "//oauth/"),
        url.replace("/oauth/", "%2Foauth/"),
        url.replace("127.0.0.1", "user@127.0.0.1"),
        url.replace("http:", "https:"),
        url.replace("/token", "/revoke"),
        url.removeprefix("http:"),
        url.partition("//")[2],
    ):
        status, body, _ = await send(running, proof_for(running, htu=htu))
        assert (status, body["error"]) == REFUSED, htu
        assert body["error_description"] == f"the DPoP proof: htu must be {url}"


@pytest.mark.requirement("O-17")
async def test_in_a_world_the_address_has_the_worlds_prefix(running):
    async with running.http.post(
        f"{running.sandbox.control_url}/api/v1/worlds", json={"name": "second"}
    ) as answer:
        assert answer.ok
    world = running.sandbox.worlds.running["second"]
    base = f"{running.url}/w/second{BASE}"
    for htu, error in (
        (f"{base}/oauth/token", "invalid_grant"),
        (url_of(running), "invalid_dpop_proof"),
    ):
        proof = KEY.proof(world, htu)
        headers = {**basic(AGGREGATOR), "DPoP": proof}
        _, body, _ = await post(running, BROKEN_CODE, headers, base=base)
        assert body["error"] == error


@pytest.mark.requirement("O-17")
async def test_a_proof_works_once_for_its_key(running):
    await bound(running)
    first = proof_for(running, jti="same")
    again = proof_for(running, jti="same", iat=running.sandbox.world.now() // 1000 + 1)
    others = OTHER.proof(running.sandbox.world, url_of(running), jti="same")
    seen = [await send(running, each) for each in (first, first, again, others)]
    assert [body["error"] for _, body, _ in seen] == [
        "invalid_grant",
        "invalid_dpop_proof",
        "invalid_dpop_proof",
        "invalid_grant",
    ]
    assert seen[1][1]["error_description"] == "the DPoP proof: jti was used before"


@pytest.mark.requirement("O-17")
async def test_of_a_hundred_uses_at_once_one_is_the_first(running):
    await bound(running)
    form = await code_of(running, PUBLIC)
    proof = proof_for(running)
    answers = await asyncio.gather(*(send(running, proof, form=form) for _ in range(100)))
    statuses = [status for status, _, _ in answers]
    assert (statuses.count(200), statuses.count(400)) == (1, 99)


@pytest.mark.requirement("O-17", "O-33")
async def test_used_proofs_are_remembered_as_long_as_they_could_pass_and_so_many(
    running, monkeypatch
):
    monkeypatch.setattr(service, "SEEN_MOST", 3)
    await bound(running)
    seen = running.bank.proofs._seen
    for number in range(5):
        await send(running, proof_for(running, jti=f"p{number}"))
    assert len(seen) == 3
    _, body, _ = await send(running, proof_for(running, jti="p4"))
    assert body["error"] == "invalid_dpop_proof"
    await running.advance("2m")
    await send(running, proof_for(running))
    assert len(seen) == 4 - 1
    await running.advance("121s")
    await send(running, proof_for(running))
    assert len(seen) == 1


@pytest.mark.requirement("O-17")
async def test_a_proof_binds_the_access_token_and_a_public_clients_refresh_token(running):
    await bound(running)
    tokens = await tokens_of(running)
    assert tokens["token_type"] == "DPoP"
    database = running.sandbox.world.database
    rows = await database.fetch("SELECT kind, binding FROM token ORDER BY kind")
    assert rows == [("access", f"jkt:{KEY.thumbprint}"), ("refresh", f"jkt:{KEY.thumbprint}")]
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    world, url = running.sandbox.world, url_of(running)
    for proof, expected in (
        ([], MISSING),
        (OTHER.proof(world, url), (400, "invalid_grant")),
        (KEY.proof(world, url, "GET"), REFUSED),
    ):
        status, body, _ = await send(running, proof, form=form)
        assert (status, body["error"]) == expected
    status, body, _ = await send(running, KEY.proof(world, url), form=form)
    assert (status, body["token_type"]) == (200, "DPoP")


@pytest.mark.requirement("O-17")
async def test_a_confidential_client_may_refresh_with_another_key(running):
    await register(running, "shop", "client_secret_basic", dpop_bound=True)
    world, url = running.sandbox.world, url_of(running)
    named = basic("shop")
    form = await code_of(running, "shop")
    status, tokens, _ = await post(running, form, {**named, "DPoP": KEY.proof(world, url)})
    assert status == 200, tokens
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    status, body, _ = await post(running, form, {**named, "DPoP": OTHER.proof(world, url)})
    assert (status, body["token_type"]) == (200, "DPoP")
    proof = OTHER.proof(world, f"{running.base}/accounts", "GET", token=body["access_token"])
    assert (await accounts(running, dpop(body["access_token"], proof)))[0] == 200


@pytest.mark.requirement("O-17")
async def test_a_client_that_need_not_bind_its_tokens_may(running):
    world, url = running.sandbox.world, url_of(running)
    for proof, token_type in ((None, "Bearer"), (KEY.proof(world, url), "DPoP")):
        form = await code_of(running, AGGREGATOR)
        headers = basic(AGGREGATOR) | ({} if proof is None else {"DPoP": proof})
        status, body, _ = await post(running, form, headers)
        assert (status, body["token_type"]) == (200, token_type)


@pytest.mark.requirement("O-17")
async def test_a_code_that_is_bound_to_a_key_is_exchanged_with_it_alone(running):
    await bound(running)
    form = await code_of(running, PUBLIC)
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE authorization_code SET dpop_jkt = $1", KEY.thumbprint)
    world, url = running.sandbox.world, url_of(running)
    status, body, _ = await send(running, OTHER.proof(world, url), form=form)
    assert (status, body["error"]) == (400, "invalid_grant")
    assert body["error_description"] == "the code is bound to another DPoP key"
    status, _, _ = await send(running, KEY.proof(world, url), form=form)
    assert status == 200


@pytest.mark.requirement("O-17")
async def test_the_dance_for_a_nonce(running):
    await bound(running, NONCE, dpop_nonce=True)
    form = await code_of(running, NONCE)
    status, body, headers = await send(running, proof_for(running), NONCE, form)
    assert (status, body["error"]) == (400, "use_dpop_nonce")
    nonce = headers["DPoP-Nonce"]
    assert len(nonce) >= 22
    for wrong in ("x", "", 5, [nonce], nonce[:-1]):
        status, body, _ = await send(running, proof_for(running, nonce=wrong), NONCE, form)
        assert (status, body["error"]) == (400, "use_dpop_nonce"), wrong
    status, body, headers = await send(running, proof_for(running, nonce=nonce), NONCE, form)
    assert (status, body["token_type"]) == (200, "DPoP")
    assert headers["DPoP-Nonce"] == nonce  # the same for a while
    status, body, headers = await send(running, [], NONCE, form)
    assert (status, body["error"]) == MISSING


@pytest.mark.requirement("O-17", "O-33")
async def test_a_nonce_is_good_for_five_minutes_and_five_more(running):
    await bound(running, NONCE, dpop_nonce=True)
    _, _, headers = await send(running, proof_for(running), NONCE)
    first = headers["DPoP-Nonce"]
    await running.advance("5m")
    _, body, headers = await send(running, proof_for(running, nonce=first), NONCE)
    second = headers["DPoP-Nonce"]
    assert (body["error"], second != first) == ("invalid_grant", True)
    await running.advance("5m")
    _, body, _ = await send(running, proof_for(running, nonce=first), NONCE)
    assert body["error"] == "use_dpop_nonce"
    _, body, _ = await send(running, proof_for(running, nonce=second), NONCE)
    assert body["error"] == "invalid_grant"


@pytest.mark.requirement("O-17")
async def test_a_wrong_proof_is_told_what_is_wrong_with_it_before_the_nonce(running):
    await bound(running, NONCE, dpop_nonce=True)
    _, body, headers = await send(running, proof_for(running, htm="GET"), NONCE)
    assert body["error"] == "invalid_dpop_proof"
    assert "DPoP-Nonce" in headers


async def test_each_world_has_nonces_of_its_own(running):
    async with running.http.post(
        f"{running.sandbox.control_url}/api/v1/worlds", json={"name": "second"}
    ) as answer:
        assert answer.ok
    worlds = running.sandbox.worlds
    second = worlds.bank(worlds.running["second"], "tomato").proofs.nonces()
    assert not set(running.bank.proofs.nonces()) & set(second)


@pytest.mark.requirement("O-17")
async def test_the_proof_is_asked_for_before_the_code_is_looked_at(running):
    await bound(running)
    form = await code_of(running, PUBLIC)
    for proof in ([], proof_for(running, htm="GET"), proof_for(running, typ=5, iat=0)):
        status, _, _ = await send(running, proof, form=form)
        assert status == 400
    status, body, _ = await send(running, proof_for(running), form=form)
    assert status == 200, json.dumps(body)
