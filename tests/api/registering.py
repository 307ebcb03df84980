"""What the tests of registration do at the control door."""

from yarl import URL

from tests.support import basic

URI = "https://app.example/callback"
PROBLEM = "urn:bank-sandbox:problem:"
EC = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "1",
    "x": "U2HLPkB3Vob94dzgU0bdVcSUitIH4eqbRyu2BH277e8",
    "y": "u32NLam_YZXsJleY7gh6SZQAf5anlz0u0lUSuqzxXXs",
}
BY_KEY = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [EC]}}


async def ask(running, method, path="", body=None):
    """Call ``…/clients`` of the default world; return (status, body)."""
    url = URL(f"{running.control}/clients{path}", encoded=True)
    if body is None and method == "POST":
        body = {}  # the door takes JSON alone
    async with running.http.request(method, url, json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def register(running, **metadata):
    status, client = await ask(running, "POST", body={"redirect_uris": [URI], **metadata})
    assert status == 200, client
    return client


async def refused(running, method, path, status, slug, body=None):
    found, problem = await ask(running, method, path, body)
    assert (found, problem["type"]) == (status, PROBLEM + slug), problem
    return problem


async def tokens_of(running, client, persona="taro"):
    """Return (status, body) of the token endpoint after ``persona`` consented to ``client``."""
    consent = await running.authorize(persona, client_id=client["client_id"])
    assert consent["status"] == 200, consent
    form = {"grant_type": "authorization_code", "code": consent["code"]}
    form["redirect_uri"] = client["redirect_uris"][0]
    headers = basic(client["client_id"], client["client_secret"])
    async with running.http.post(
        f"{running.base}/oauth/token", data=form, headers=headers
    ) as answer:
        return answer.status, await answer.json()
