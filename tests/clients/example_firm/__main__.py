"""``python -m example_firm``: the firm's server on its own port, beside a bank on this machine."""

import argparse

from aiohttp import web
from example_firm.app import FirmServer, make_app
from example_firm.bank_api import BankSettings
from example_firm.careless import CarelessFirm

BASE = "/web21/bizsol/v1/banks/0009"


def settings_for(bank: str, client_id: str = "10000001") -> BankSettings:
    """Return what a bank at this address has registered of the firm."""
    return BankSettings(
        api_base=bank + BASE,
        client_id=client_id,
        client_password=f"{client_id}-password",
        redirect_uri="http://localhost:8000/callback",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="example_firm")
    parser.add_argument("--bank", default="http://127.0.0.1:8080")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--careless", action="store_true", help="With all that can be done wrong")
    given = parser.parse_args()
    kind = CarelessFirm if given.careless else FirmServer
    web.run_app(make_app(settings_for(given.bank), kind), host="127.0.0.1", port=given.port)


if __name__ == "__main__":
    main()
