"""What a service user may register: passwords and web servers at their edges."""

import pytest

from sandbox.domain.corporate.client_data import (
    ClientDataRefused,
    check_password,
    check_web_servers,
)

LONGEST = "https://a.example/" + "x" * (256 - len("https://a.example/"))


@pytest.mark.requirement("W-2", "W-40")
@pytest.mark.parametrize("password", ["abcdefg1", "1" * 31 + "a", "Aa1!~~~~"])
def test_a_password_that_will_do(password: str) -> None:
    check_password(password)


@pytest.mark.requirement("W-2", "W-40")
@pytest.mark.parametrize(
    "password",
    [
        "",
        "abcdef1",
        "1" * 32 + "a",
        "abcdefgh",
        "12345678",
        "abc def1",
        "パスワード123",
        "ａbcdefg1",
    ],
)
def test_a_password_that_will_not(password: str) -> None:
    with pytest.raises(ClientDataRefused):
        check_password(password)


@pytest.mark.requirement("W-5")
@pytest.mark.parametrize(
    "urls",
    [
        ["https://a.example/cb"],
        ["http://localhost:8000/callback"],
        ["http://127.0.0.1/cb", "http://[::1]:9/cb"],
        [f"https://a.example/{n}" for n in range(3)],
        [LONGEST],
    ],
)
def test_web_servers_that_will_do(urls: list[str]) -> None:
    check_web_servers(urls)


@pytest.mark.requirement("W-5")
@pytest.mark.parametrize(
    "urls",
    [
        [],
        ["https://a.example/cb"] * 2,
        [f"https://a.example/{n}" for n in range(4)],
        ["http://a.example/cb"],
        ["ftp://a.example/cb"],
        ["https:///cb"],
        ["https://a.example/cb#x"],
        ["https://[a"],
        ["https://a.example/会社"],
        ["https://a.example/ b"],
        [LONGEST + "x"],
        [""],
    ],
)
def test_web_servers_that_will_not(urls: list[str]) -> None:
    with pytest.raises(ClientDataRefused):
        check_web_servers(urls)
