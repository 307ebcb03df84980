"""The bank door's own address, and what either door says to a caller who meant the other."""

import pytest

from tests.support import run_sandbox


async def told(running, path, method="GET"):
    async with running.http.request(method, f"{running.url}{path}") as answer:
        assert answer.content_type == "text/plain"
        return answer.status, await answer.text()


async def test_the_door_says_whose_it_is(running):
    status, text = await told(running, "/")
    assert status == 200
    assert text.startswith("これは試験用の環境です / This is a test environment")
    lines = [line.split() for line in text.splitlines() if line.startswith("  ")]
    assert [name for name, _ in lines] == ["issuer", "APIs", "OpenAPI"] * (len(lines) // 3)
    assert f"{running.url}/tomato" in [address for _, address in lines]
    assert ": 8081, unless --control-port says otherwise." in text


async def test_every_address_on_the_plate_leads_somewhere(running):
    _, text = await told(running, "/")
    words = text.split()
    addresses = [word for word in words if word.startswith(f"{running.url}/")]
    answered = set()
    for address in addresses:
        suffix = "/.well-known/openid-configuration" if address.endswith("/tomato") else ""
        async with running.http.get(f"{address}{suffix}") as answer:
            answered.add((address.removeprefix(running.url), answer.status))
    base = running.base.removeprefix(running.url)
    assert ("/tomato", 200) in answered
    assert ("/tomato/openapi.json", 200) in answered
    assert ("/reasons", 200) in answered
    assert (base, 404) in answered  # where the APIs begin: none of them is there itself


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/worlds", "/api/", "/api/v1/worlds/default/clock"])
async def test_a_call_for_the_control_door_is_told_of_it(running, method, path):
    status, text = await told(running, path, method)
    assert status == 404
    assert text == (
        f"404: this is the bank door and has no {path}; "
        "the control door is another port: 8081, unless --control-port says otherwise.\n"
    )


async def test_what_a_caller_wrote_is_text_and_no_page(running):
    async with running.http.get(f"{running.url}/api/<script>alert(1)</script>") as answer:
        assert answer.content_type == "text/plain"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/api/v1/worlds"])
async def test_a_real_bank_has_no_plate(tmp_path, template, path):
    settings = {"tomato_strict_realism": "1", "web21_strict_realism": "1"}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        assert await told(running, path) == (404, "404: Not Found")


@pytest.mark.parametrize(
    "path", ["/tomato/parasol/v1/banks/0566/accounts", "/w/green/web21", "/oauth/token"]
)
async def test_a_call_for_a_bank_is_told_of_its_door(running, path):
    async with running.http.get(f"{running.sandbox.control_url}{path}") as answer:
        body = await answer.json()
    assert (answer.status, body["type"]) == (404, "urn:bank-sandbox:problem:not-found")
    assert body["detail"] == (
        f"GET {path}: this is the control door, whose API is below /api/v1; "
        "the banks answer at the other port: 8080, unless --port says otherwise"
    )


async def test_a_misspelt_address_of_the_control_door_is_only_not_found(running):
    async with running.http.get(f"{running.sandbox.control_url}/api/v1/world") as answer:
        assert (await answer.json())["detail"] == "GET /api/v1/world"
