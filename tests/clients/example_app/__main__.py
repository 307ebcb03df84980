"""``python -m example_app``: the provider on a port of its own, beside a bank on this machine."""

import argparse

from aiohttp import web
from example_app.app import Provider, make_app
from example_app.bank_api import BankSettings
from example_app.careless import CarelessProvider

BASE = "/tomato/parasol/v1/banks/0566"


def settings_for(bank: str, client_id: str = "sandbox-aggregator") -> BankSettings:
    """Return what a bank at this address has registered of the provider."""
    base = bank + BASE
    return BankSettings(
        issuer=f"{bank}/tomato",
        api_base=base,
        authorization_endpoint=f"{base}/oauth/auth",
        token_endpoint=f"{base}/oauth/token",
        revocation_endpoint=f"{base}/oauth/revoke",
        client_id=client_id,
        client_secret=f"{client_id}-secret",
        redirect_uri="http://localhost:8000/callback",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="example_app")
    parser.add_argument("--bank", default="http://127.0.0.1:8080")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--careless", action="store_true", help="With all that can be done wrong")
    given = parser.parse_args()
    kind = CarelessProvider if given.careless else Provider
    web.run_app(make_app(settings_for(given.bank), kind), host="127.0.0.1", port=given.port)


if __name__ == "__main__":
    main()
