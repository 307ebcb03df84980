"""No input gives a 500: headers, queries, forms and JSON bodies of both doors.

Whatever comes, the answer has the shape of the door it came from, leads nowhere that nobody
registered, and hands out no token: nobody here ever signs in.
"""

import json
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandbox.services.population import load_clients
from sandbox.web.tomato import ENDPOINTS, PROFILE
from tests.browsing import send_bytes
from tests.properties.pace import EXAMPLES
from tests.support import ACCOUNTING, AGGREGATOR, BASE, NATIVE, REDIRECT_URI, basic, secret_of

bounded = settings(
    max_examples=max(60, EXAMPLES),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
REGISTERED = {uri for client in load_clients("tomato") for uri in client.redirect_uris}
OAUTH_PATHS = ["/oauth/token", "/oauth/revoke", "/oauth/par", "/oauth/auth", "/oauth/auth/one"]
OAUTH_PATHS += ["/oauth/introspect", "/oauth/userinfo", "/oauth/jwks"]
FORM = b"application/x-www-form-urlencoded"

# Bytes that a header's value may have on the wire: no line ends, no NUL.
header_bytes = st.binary(max_size=60).map(
    lambda raw: bytes(byte for byte in raw if byte >= 32 and byte != 127).strip()
)
header_names = st.sampled_from(
    [
        b"Authorization",
        b"Cookie",
        b"X-Client-Id",
        b"X-Sandbox-World",
        b"Accept-Language",
        b"Accept",
        b"Origin",
        b"Referer",
        b"If-None-Match",
        b"Range",
        b"X-Odd",
    ]
)
header_values = header_bytes | st.sampled_from(
    [
        b"Bearer \xe9",
        b"Bearer " + "é".encode(),
        b"Bearer",
        b"Basic //8=",
        b"Basic " + b"A" * 61,
        b'interaction="\\377\\000"',
        b"interaction=;lang=\xff",
        b"../../default",
        b"default",
    ]
)
headers = st.lists(st.tuples(header_names, header_values), max_size=4)

names = st.sampled_from(
    [
        "client_id",
        "client_secret",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "code",
        "code_verifier",
        "grant_type",
        "refresh_token",
        "token",
        "date_from",
        "date_to",
        "access_token",
        "lang",
        "kind",
        "csrf",
        "decision",
        "prompt",
    ]
) | st.text(max_size=10)
values = (
    st.binary(max_size=40)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
    | st.dates().map(lambda day: day.isoformat().encode())
    | st.sampled_from(
        [
            AGGREGATOR,
            ACCOUNTING,
            NATIVE,
            secret_of(ACCOUNTING),
            REDIRECT_URI,
            "https://evil.example/",
            "//evil.example",
            "javascript:alert(1)",
            "code",
            "accounts",
            "S256",
            "authorization_code",
            "refresh_token",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "v" * 43,
            "x" * 400,  # a dozen of them fit into a request line
        ]
    ).map(str.encode)
)
fields = st.lists(st.tuples(names, values), max_size=12)


def spelled(pairs):
    """Return fields as the text of a query or a form."""
    return "&".join(
        f"{quote_from_bytes(name.encode('utf-8', 'replace'))}={quote_from_bytes(value)}"
        for name, value in pairs
    ).encode()


queries = fields.map(spelled) | st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"),
    max_size=80,
).map(str.encode)
forms = fields.map(spelled) | st.binary(max_size=200)


def request(method, path, given_headers, body=b"", content_type=FORM):
    lines = [f"{method} ".encode() + path + b" HTTP/1.1", b"Host: 127.0.0.1"]
    lines += [name + b": " + value for name, value in given_headers]
    if body or method in ("POST", "PUT"):
        lines += [b"Content-Type: " + content_type, f"Content-Length: {len(body)}".encode()]
    return b"\r\n".join([*lines, b"", body])


def location_of(head):
    found = [
        line.partition(b":")[2].strip().decode()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"location:")
    ]
    return found[0] if found else None


def check_location(location):
    """A redirect leads to the bank's own pages, or to an address that a client registered."""
    parts = urlsplit(location)
    if not parts.netloc:
        assert location.startswith(f"{BASE}/oauth/auth/")
        return
    target = parts._replace(query="").geturl()
    native = parts._replace(query="", netloc=parts.hostname or "").geturl()
    assert target in REGISTERED or native in REGISTERED
    assert "code=" not in f"&{parts.query}".replace("&error", "").partition("&code=")[2]


def check_answer(status, head, body):
    assert status < 500 or status == 503, body
    assert b'"access_token":' not in body
    location = location_of(head)
    if location is not None:
        assert status in (302, 303)
        check_location(location)
    elif b"text/html" in head:
        assert "これは試験用の環境です".encode() in body
    else:
        assert b"application/json" in head, (status, head, body)
        check_json(status, json.loads(body))


def check_json(status, body):
    if status >= 400 and "error_code" in body:
        assert set(body) == {"error_code", "error_message", "error_details"}
    elif status >= 400:
        assert {"error"} <= set(body) <= {"error", "error_description"}
        assert body["error"].isascii()
        assert body["error_description"].isascii()


PATHS = [
    *(
        f"/tomato{base}{row.path}".format(account_id="00000000000000000010112345670001").encode()
        for base in PROFILE.bases
        for row in ENDPOINTS
    ),
    *(BASE.encode() + path.encode() for path in OAUTH_PATHS),
    b"/tomato/openapi.json",
    b"/tomato/.well-known/oauth-authorization-server",
    b"/tomato/.well-known/openid-configuration",
    b"/tomato/nothing",
]


@pytest.mark.requirement("O-3", "O-28")
@bounded
@given(path=st.sampled_from(PATHS), query=queries, given_headers=headers)
@example(path=PATHS[0], query=b"", given_headers=[(b"Authorization", b"Bearer \xe9")])
@example(path=PATHS[2], query=b"%FF=1&%FF=2", given_headers=[])
async def test_no_query_or_header_breaks_the_bank_door(running, path, query, given_headers):
    status, head, body = await send_bytes(
        running.url, request("GET", path + b"?" + query, given_headers)
    )
    check_answer(status, head, body)


@pytest.mark.requirement("O-3", "O-28")
@bounded
@given(query=queries, given_headers=headers)
@example(query=b"client_id=%FF", given_headers=[])
@example(query=b"client_id=sandbox-aggregator&redirect_uri=%FF", given_headers=[])
@example(query=b"%FF=1&%FF=2", given_headers=[])
async def test_no_authorization_request_breaks_the_pages(running, query, given_headers):
    start = f"client_id={AGGREGATOR}&redirect_uri={REDIRECT_URI}&response_type=code&".encode()
    for asked in (query, start + query):
        status, head, body = await send_bytes(
            running.url, request("GET", f"{BASE}/oauth/auth?".encode() + asked, given_headers)
        )
        names_a_world = any(name == b"X-Sandbox-World" for name, _ in given_headers)
        assert status in ((302, 400, 404) if names_a_world else (302, 400)), body
        check_answer(status, head, body)


@bounded
@given(query=queries, path_end=st.binary(max_size=20).map(quote_from_bytes))
@example(query=b"date_from=%FF", path_end="")
@example(query=b"date_from=0000-01-01", path_end="")
@example(query=b"date_from=0001-01-01&date_to=0001-02-01", path_end="")
async def test_no_inquiry_breaks_the_statement(running, query, path_end):
    if not running.tokens:
        running.tokens |= await running.log_in("taro")
    authorization = f"Bearer {running.tokens['access_token']}".encode()
    for path in (PATHS[2], PATHS[1] + path_end.encode()):
        status, head, body = await send_bytes(
            running.url, request("GET", path + b"?" + query, [(b"Authorization", authorization)])
        )
        assert status in (200, 400, 404), body
        check_answer(status, head, body)


@pytest.mark.requirement("O-28")
@bounded
@given(path=st.sampled_from(OAUTH_PATHS), form=forms, given_headers=headers, proven=st.booleans())
@example(path="/oauth/token", form=b"client_id=%FF", given_headers=[], proven=False)
@example(path="/oauth/token", form=b"\xff=\xff&\xff=1", given_headers=[], proven=True)
@example(
    path="/oauth/token",
    form=b"grant_type=authorization_code&code=%FF&redirect_uri=%FF&code_verifier=%FF",
    given_headers=[],
    proven=True,
)
@example(path="/oauth/revoke", form=b"token=%FF", given_headers=[], proven=True)
@example(path="/oauth/introspect", form=b"token=eyJ%FF.e30.x", given_headers=[], proven=True)
@example(path="/oauth/userinfo", form=b"access_token=eyJ%FF", given_headers=[], proven=False)
@example(
    path="/oauth/userinfo", form=b"access_token=x&access_token=x", given_headers=[], proven=False
)
@example(path="/oauth/userinfo", form=b"access_token=%FF", given_headers=[], proven=True)
@example(path="/oauth/token", form=b"access_token=x&access_token=x", given_headers=[], proven=True)
async def test_no_form_breaks_the_oauth_endpoints(running, path, form, given_headers, proven):
    if proven:
        known = basic(AGGREGATOR)["Authorization"].encode()
        given_headers = [(b"Authorization", known), *given_headers]
    status, head, body = await send_bytes(
        running.url, request("POST", (BASE + path).encode(), given_headers, form)
    )
    check_answer(status, head, body)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["tomato", "taro", AGGREGATOR, "accounts", "frozen", "1d", "2099-12-31", "-1d"]
    )
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
consents = st.fixed_dictionaries(
    {
        "bank": st.just("tomato") | scalars,
        "client_id": st.just(AGGREGATOR) | scalars,
        "persona": st.just("lapsed") | scalars.filter(lambda value: value != "taro"),
        "scope": st.just("accounts") | scalars,
    },
    optional={
        "state": scalars,
        "nonce": scalars,
        "redirect_uri": scalars,
        "accounts": documents,
        "functions": documents,
        "code_challenge": scalars,
    },
)
# No rate that would let years pass while the tests run.
odd_rates = scalars.filter(lambda rate: not isinstance(rate, int | float) or not 0 < rate <= 1e6)
clocks = st.fixed_dictionaries(
    {"mode": st.sampled_from(["real", "frozen", "offset", "scaled"]) | scalars},
    optional={"at": scalars, "rate": odd_rates},
)
steps = st.fixed_dictionaries({}, optional={"by": scalars, "to": scalars, "x": documents})


def as_bytes(document):
    return json.dumps(document).encode()


def control_call(method, path, body, more=()):
    target = f"/api/v1/worlds{path}".encode()
    return request(method, target, list(more), body, content_type=b"application/json")


def check_problem(status, head, body):
    assert status < 500, body
    if status >= 400:
        assert b"application/problem+json" in head
        assert {"type", "title", "status"} <= set(json.loads(body))


@bounded
@given(body=st.binary(max_size=100) | documents.map(as_bytes) | consents.map(as_bytes))
async def test_no_body_breaks_the_consent_without_a_browser(running, body):
    answer = await send_bytes(
        running.sandbox.control_url, control_call("POST", "/default/authorize", body)
    )
    check_problem(*answer)


@bounded
@given(clock=st.binary(max_size=100) | (documents | clocks).map(as_bytes), step=steps.map(as_bytes))
@example(clock=as_bytes({"mode": "sundial"}), step=as_bytes({"by": "x"}))
@example(clock=as_bytes({"mode": "scaled", "rate": 1e308}), step=as_bytes({"by": "-1d"}))
@example(
    clock=as_bytes({"mode": "frozen", "at": "9999-12-31"}), step=as_bytes({"to": "0001-01-01"})
)
@example(clock=as_bytes({"mode": "offset", "at": "9" * 20 + "d"}), step=as_bytes({"by": "9" * 400}))
async def test_no_body_breaks_the_clock(running, clock, step):
    url = running.sandbox.control_url
    check_problem(*await send_bytes(url, control_call("PUT", "/default/clock", clock)))
    check_problem(*await send_bytes(url, control_call("POST", "/default/clock/advance", step)))


@bounded
@given(given_headers=headers, name=st.binary(max_size=20).map(quote_from_bytes))
async def test_no_header_or_name_breaks_the_control_door(running, given_headers, name):
    for path in (f"/{name}", f"/{name}/clock", "/default"):
        answer = await send_bytes(
            running.sandbox.control_url, control_call("GET", path, b"", given_headers)
        )
        check_problem(*answer)
