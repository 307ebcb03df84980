"""private_key_jwt (RFC 7523): what an assertion must say, who has to sign it, and how often."""

import asyncio
import base64
import hashlib
import hmac
import json

import pytest

from sandbox.storage import clients
from tests.clientele import BROKEN_CODE, code_of, post, register
from tests.keys import Key, b64, by_assertion, packed

CLIENT = "signer"
ISSUER = "{issuer}"  # filled in once the port is known
TOKEN_URL, REVOKE_URL = "{base}/oauth/token", "{base}/oauth/revoke"
HOUR = 3600
KNOWN = (400, "invalid_grant")  # the client is proven; the code is made up
REFUSED = (401, "invalid_client")
KEY, FOREIGN = Key(), Key()

# What is changed of a sound assertion, its times from now → refused? For a plain client and for
# one of FAPI's.
CLAIMS = {
    "nothing": ({}, KNOWN, KNOWN),
    "aud of the token endpoint": ({"aud": TOKEN_URL}, KNOWN, REFUSED),
    "aud in a list": ({"aud": [ISSUER]}, KNOWN, REFUSED),
    "aud in a list with others": ({"aud": ["https://other.example", TOKEN_URL]}, KNOWN, REFUSED),
    "aud of another server": ({"aud": "https://other.example"}, REFUSED, REFUSED),
    "aud with a slash": ({"aud": ISSUER + "/"}, REFUSED, REFUSED),
    "aud of the other endpoint": ({"aud": REVOKE_URL}, REFUSED, REFUSED),
    "aud a list of nothing": ({"aud": []}, REFUSED, REFUSED),
    "aud a number": ({"aud": 5}, REFUSED, REFUSED),
    "aud an object": ({"aud": {ISSUER: 1}}, REFUSED, REFUSED),
    "aud a list of lists": ({"aud": [[ISSUER]]}, REFUSED, REFUSED),
    "no aud": ({"aud": None}, REFUSED, REFUSED),
    "iss of another": ({"iss": "sandbox-aggregator"}, REFUSED, REFUSED),
    "no iss": ({"iss": None}, REFUSED, REFUSED),
    "iss a list": ({"iss": [CLIENT]}, REFUSED, REFUSED),
    "sub of another": ({"sub": "sandbox-aggregator"}, REFUSED, REFUSED),
    "sub of nobody": ({"sub": "nobody"}, REFUSED, REFUSED),
    "sub of no letters": ({"sub": "\ud800", "iss": "\ud800"}, REFUSED, REFUSED),
    "no sub": ({"sub": None}, REFUSED, REFUSED),
    "exp just now": ({"exp": 0}, KNOWN, KNOWN),
    "exp 10 s ago": ({"exp": -10}, KNOWN, KNOWN),
    "exp 11 s ago": ({"exp": -11}, REFUSED, REFUSED),
    "exp 5 min ago": ({"exp": -300}, REFUSED, REFUSED),
    "exp in an hour": ({"exp": HOUR}, KNOWN, KNOWN),
    "exp in an hour, 10 s ahead": ({"exp": HOUR + 10}, KNOWN, KNOWN),
    "exp in more than an hour": ({"exp": HOUR + 11}, REFUSED, REFUSED),
    "exp of parts of a second": ({"exp": 0.5}, KNOWN, KNOWN),
    "no exp": ({"exp": None}, REFUSED, REFUSED),
    "iat 10 s ahead": ({"iat": 10}, KNOWN, KNOWN),
    "iat 60 s ahead": ({"iat": 60}, KNOWN, KNOWN),
    "iat 61 s ahead": ({"iat": 61}, REFUSED, REFUSED),
    "iat 5 min ahead": ({"iat": 300}, REFUSED, REFUSED),
    "iat 10 s ago": ({"iat": -10}, KNOWN, KNOWN),
    "no iat": ({"iat": None}, KNOWN, KNOWN),
    "nbf 10 s ahead": ({"nbf": 10}, KNOWN, KNOWN),
    "nbf 61 s ahead": ({"nbf": 61}, REFUSED, REFUSED),
    "no jti": ({"jti": None}, REFUSED, REFUSED),
    "jti empty": ({"jti": ""}, REFUSED, REFUSED),
    "jti a number": ({"jti": 5}, REFUSED, REFUSED),
    "jti of no letters": ({"jti": "\ud800"}, KNOWN, KNOWN),
    "jti of a thousand letters": ({"jti": "x" * 1000}, KNOWN, KNOWN),
}
# Claims as they are, whatever the time is.
ODD_TIMES = [
    {name: value}
    for name in ("exp", "iat", "nbf")
    for value in ("soon", True, [], {}, float("inf"), float("nan"), 10**30, "99999999999")
]


def filled(running, claims):
    """Return ``claims`` with this sandbox's addresses, and moments counted from now."""
    world, now = running.sandbox.world, running.sandbox.world.now() // 1000

    def fill(value):
        if isinstance(value, str):
            issuer = world.issuer("tomato")
            return value.replace("{issuer}", issuer).replace("{base}", running.base)
        return [fill(each) for each in value] if isinstance(value, list) else value

    return {
        name: now + value if name in ("exp", "iat", "nbf") and value is not None else fill(value)
        for name, value in claims.items()
    }


async def use(running, assertion, path="token", **more):
    fields = BROKEN_CODE if path == "token" else {"token": "x"}
    return await post(running, {**fields, **by_assertion(assertion), **more}, path=path)


@pytest.mark.requirement("O-11")
@pytest.mark.parametrize(("changes", "plain", "fapi"), CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize("profile", ["bank", "fapi2"])
async def test_each_claim_of_an_assertion(running, profile, changes, plain, fapi):
    client = await register(running, CLIENT, "private_key_jwt", profile=profile, jwks=KEY.jwks)
    assertion = KEY.assertion(running.sandbox.world, CLIENT, **filled(running, changes))
    status, body, headers = await use(running, assertion)
    expected = fapi if profile == "fapi2" else plain
    if expected == KNOWN and profile == "fapi2":
        expected = (400, "invalid_request")  # proven, and then asked for a binding key
    assert (status, body["error"]) == expected
    assert body["error_description"].isascii()
    assert "WWW-Authenticate" not in headers  # O-10: it is for those who used Basic
    assert client.client_id == CLIENT


@pytest.mark.requirement("O-11")
async def test_what_is_no_moment_is_refused(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    for changes in ODD_TIMES:
        assertion = KEY.assertion(running.sandbox.world, CLIENT, **changes)
        status, body, _ = await use(running, assertion)
        assert (status, body["error"]) == REFUSED, changes


@pytest.mark.requirement("O-11")
async def test_an_assertion_may_be_addressed_to_the_endpoint_that_is_called(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    for path, aud, expected in [
        ("revoke", REVOKE_URL, 200),
        ("revoke", TOKEN_URL, 200),
        ("revoke", "{base}/oauth/auth", 401),
        ("token", REVOKE_URL, 401),
    ]:
        changes = filled(running, {"aud": aud})
        assertion = KEY.assertion(running.sandbox.world, CLIENT, **changes)
        assert (await use(running, assertion, path))[0] == expected, (path, aud)


def unsigned(world, alg, signature=b""):
    """Return an assertion with ``alg`` in its header, and ``signature`` at its end."""
    sound = KEY.assertion(world, CLIENT)
    claims = json.loads(base64.urlsafe_b64decode(sound.split(".")[1] + "=="))
    return packed({"alg": alg, "kid": KEY.kid}, claims, signature=signature)


def by_public_key(world):
    """Return an assertion keyed with the public key, as if that were a password (HS256)."""
    head, claims, _ = unsigned(world, "HS256").split(".")
    secret = json.dumps(KEY.public).encode()
    return f"{head}.{claims}.{b64(hmac.digest(secret, f'{head}.{claims}'.encode(), 'sha256'))}"


def tampered(world):
    head, _, signature = KEY.assertion(world, CLIENT).split(".")
    return f"{head}.{KEY.assertion(world, CLIENT).split('.')[1]}.{signature}"


SIGNATURES = {
    "sound": (lambda world: KEY.assertion(world, CLIENT), KNOWN),
    "no kid": (lambda world: KEY.assertion(world, CLIENT, {"kid": None}), KNOWN),
    "another kid": (lambda world: KEY.assertion(world, CLIENT, {"kid": "other"}), REFUSED),
    "a foreign key": (lambda world: FOREIGN.assertion(world, CLIENT), REFUSED),
    "a foreign key without kid": (
        lambda world: FOREIGN.assertion(world, CLIENT, {"kid": None}),
        REFUSED,
    ),
    "a key of its own in the header": (
        lambda world: FOREIGN.assertion(world, CLIENT, {"jwk": FOREIGN.bare}),
        REFUSED,
    ),
    "none": (lambda world: unsigned(world, "none"), REFUSED),
    "None": (lambda world: unsigned(world, "None"), REFUSED),
    "HS256": (by_public_key, REFUSED),
    "no alg": (lambda world: unsigned(world, None), REFUSED),
    "alg a list": (lambda world: unsigned(world, ["ES256"]), REFUSED),
    "no signature": (lambda world: unsigned(world, "ES256"), REFUSED),
    "a signature of zeros": (lambda world: unsigned(world, "ES256", bytes(64)), REFUSED),
    "claims of another": (tampered, REFUSED),
    "typ JWT": (lambda world: KEY.assertion(world, CLIENT, {"typ": "JWT"}), KNOWN),
    "typ of its own": (
        lambda world: KEY.assertion(world, CLIENT, {"typ": "client-authentication+jwt"}),
        KNOWN,
    ),
    "typ of a proof": (lambda world: KEY.assertion(world, CLIENT, {"typ": "dpop+jwt"}), REFUSED),
    "typ of a token": (lambda world: KEY.assertion(world, CLIENT, {"typ": "at+jwt"}), REFUSED),
    "critical": (
        lambda world: packed({"alg": "ES256", "crit": ["exp"], "exp": 1}, {"sub": CLIENT}),
        REFUSED,
    ),
    "no JWT": (lambda world: "x", REFUSED),
    "two dots": (lambda world: "..", REFUSED),
    "five parts": (lambda world: "a.b.c.d.e", REFUSED),
    "no JSON": (lambda world: ".".join([b64(b"{")] * 3), REFUSED),
    "a list": (lambda world: ".".join([b64(b"[]")] * 3), REFUSED),
    "deep": (lambda world: ".".join([b64(b"[" * 9000)] * 3)[: 16 * 1024], REFUSED),
    "too long": (lambda world: KEY.assertion(world, CLIENT, long="x" * 16_384), REFUSED),
}


@pytest.mark.requirement("O-11")
@pytest.mark.parametrize(("make", "expected"), SIGNATURES.values(), ids=SIGNATURES)
async def test_each_signature_of_an_assertion(running, make, expected):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    status, body, _ = await use(running, make(running.sandbox.world))
    assert (status, body["error"]) == expected
    if expected == REFUSED:
        assert body["error_description"] == "client authentication failed"


@pytest.mark.requirement("O-11", "O-28")
async def test_the_longest_assertion(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    world = running.sandbox.world
    padding = next(
        n
        for n in range(11_900, 12_300)
        if len(KEY.assertion(world, CLIENT, jti="long", long="x" * n)) >= 16_384
    )
    answers = []
    for n in (padding - 4, padding + 4):
        answers.append(await use(running, KEY.assertion(world, CLIENT, long="x" * n)))
    assert [(status, body["error"]) for status, body, _ in answers] == [KNOWN, REFUSED]


ALGORITHMS = ["ES256", "PS256", "EdDSA", "Ed25519", "RS256"]


@pytest.mark.requirement("O-11")
@pytest.mark.parametrize("profile", ["bank", "fapi2"])
@pytest.mark.parametrize("registered", ["", *ALGORITHMS])
async def test_each_algorithm_that_a_client_may_sign_with(running, registered, profile, keys):
    for alg in ALGORITHMS:
        key, client_id = keys[alg], f"{CLIENT}-{alg}"
        await register(
            running,
            client_id,
            "private_key_jwt",
            profile=profile,
            jwks=key.jwks,
            auth_signing_alg=registered,
        )
        status, body, _ = await use(running, key.assertion(running.sandbox.world, client_id))
        is_allowed = registered in ("", alg) and not (profile == "fapi2" and alg == "RS256")
        assert (status != 401) == is_allowed, (alg, body)


@pytest.fixture(scope="module")
def keys():
    return {alg: Key(alg=alg) for alg in ALGORITHMS}


@pytest.mark.requirement("O-11")
async def test_a_short_rsa_key_signs_nothing(running, monkeypatch):
    monkeypatch.setattr("sandbox.services.oauth.jose.RSA_BITS", 1024)
    short = Key(alg="PS256")
    monkeypatch.undo()
    await register(running, CLIENT, "private_key_jwt", jwks=short.jwks)
    status, body, _ = await use(running, short.assertion(running.sandbox.world, CLIENT))
    assert (status, body["error"]) == REFUSED


@pytest.mark.requirement("O-11")
async def test_of_several_registered_keys_any_will_do(running):
    both = json.dumps({"keys": [FOREIGN.public | {"kid": "old"}, KEY.public]})
    await register(running, CLIENT, "private_key_jwt", jwks=both)
    world = running.sandbox.world
    for assertion in (
        KEY.assertion(world, CLIENT),
        KEY.assertion(world, CLIENT, {"kid": None}),
        FOREIGN.assertion(world, CLIENT, {"kid": "old"}),
    ):
        assert (await use(running, assertion))[0] == 400


@pytest.mark.requirement("O-11")
async def test_an_assertion_works_once(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    await register(running, "other", "private_key_jwt", jwks=KEY.jwks)
    world = running.sandbox.world
    first = KEY.assertion(world, CLIENT, jti="same")
    again = KEY.assertion(world, CLIENT, jti="same", exp=world.now() // 1000 + 120)
    others = KEY.assertion(world, "other", jti="same")
    seen = [await use(running, each) for each in (first, first, again, others)]
    assert [status for status, _, _ in seen] == [400, 401, 401, 400]
    assert seen[1][1]["error_description"].endswith("its jti was used before")


@pytest.mark.requirement("O-11")
async def test_of_a_hundred_uses_at_once_one_is_the_first(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    form = await code_of(running, CLIENT)
    fields = {**form, **by_assertion(KEY.assertion(running.sandbox.world, CLIENT))}
    answers = await asyncio.gather(*(post(running, fields) for _ in range(100)))
    statuses = [status for status, _, _ in answers]
    assert (statuses.count(200), statuses.count(401)) == (1, 99)


@pytest.mark.requirement("O-11")
async def test_a_refused_assertion_is_not_used_up(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    world = running.sandbox.world
    wrong = KEY.assertion(world, CLIENT, jti="kept", aud="https://other.example")
    right = KEY.assertion(world, CLIENT, jti="kept")
    assert [(await use(running, each))[0] for each in (wrong, right)] == [401, 400]


@pytest.mark.requirement("O-11", "O-33")
async def test_a_used_assertion_is_forgotten_once_its_time_is_over(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    world = running.sandbox.world
    for _ in range(3):
        await use(running, KEY.assertion(world, CLIENT))
    await running.advance("71s")
    await use(running, KEY.assertion(world, CLIENT))
    rows = await world.database.fetch("SELECT jti_hash FROM used_assertion")
    assert len(rows) == 1
    assert len(rows[0][0]) == hashlib.sha256().digest_size


@pytest.mark.requirement("O-33")
async def test_assertions_are_judged_by_the_worlds_clock(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    assertion = KEY.assertion(running.sandbox.world, CLIENT)
    await running.advance("30d")
    status, body, _ = await use(running, assertion)
    assert (status, body["error"]) == REFUSED
    assert "the bank's clock reads" in body["error_description"]
    assert (await use(running, KEY.assertion(running.sandbox.world, CLIENT)))[0] == 400


FORMS = {
    "id beside it": ({"client_id": CLIENT}, KNOWN),
    "another id beside it": ({"client_id": "sandbox-native"}, (400, "invalid_request")),
    "a secret beside it": ({"client_secret": "x"}, (400, "invalid_request")),
    "another type": ({"client_assertion_type": "urn:other"}, REFUSED),
    "no type": ({"client_assertion_type": ""}, (400, "invalid_request")),
    "no assertion": ({"client_assertion": ""}, (400, "invalid_request")),
}


@pytest.mark.requirement("O-9", "O-11")
@pytest.mark.parametrize(("more", "expected"), FORMS.values(), ids=FORMS)
async def test_what_stands_beside_an_assertion(running, more, expected):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    status, body, _ = await use(running, KEY.assertion(running.sandbox.world, CLIENT), **more)
    assert (status, body["error"]) == expected


@pytest.mark.requirement("O-9")
async def test_who_signs_for_an_unknown_client_learns_no_more_than_who_signs_wrongly(running):
    await register(running, CLIENT, "private_key_jwt", jwks=KEY.jwks)
    await register(running, "blocked", "private_key_jwt", jwks=KEY.jwks)
    world = running.sandbox.world
    async with world.database.transaction() as db:
        await clients.set_status(db, "blocked", "blocked")
    said = [
        (await use(running, FOREIGN.assertion(world, client_id)))[:2]
        for client_id in (CLIENT, "nobody", "sandbox-aggregator", "blocked")
    ]
    assert said == [said[0]] * 4
    status, body, _ = await use(running, KEY.assertion(world, "blocked"))
    assert (status, body["error_description"]) == (401, "the client is blocked")
