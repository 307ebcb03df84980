"""``bank-sandbox login``: a contractor consents, and the tokens are printed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.access import Client
from sandbox.cli.options import (
    BANK,
    CONTROL,
    EXIT_REFUSED,
    EXIT_USAGE,
    SCOPE,
    WORLD,
    AsJson,
    Bank,
    Control,
    Scope,
    WorldName,
    asking_world,
    fail,
)
from sandbox.cli.output import print_json

if TYPE_CHECKING:
    from sandbox.client import World, answers

NATIVE = "sandbox-native"
TRY_HEADLESS = "Without a browser: bank-sandbox login --headless"


def login(
    client: Client = NATIVE,
    headless: Annotated[
        bool, typer.Option("--headless", help="Consent without a browser, as --persona")
    ] = False,
    persona: Annotated[
        str, typer.Option("--persona", metavar="NAME", help="Who consents, with --headless")
    ] = "taro",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address to open")
    ] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait for the consent")] = "5m",
    scope: Scope = SCOPE,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Log in as a provider's software does, and print the tokens.

    Opens the bank's pages in the browser and waits for the redirect on this machine.
    """
    from sandbox.cli.loopback import LoginFailed

    timeout_s = _seconds(timeout)
    with asking_world(control, world) as found:
        described = found.bank(bank)
        flow = Flow(found, described, described.client(client), scope)
        try:
            if headless:
                tokens = flow.headless(persona)
            else:
                tokens = flow.by_browser(timeout_s, opens=not no_browser)
        except LoginFailed as error:
            fail(EXIT_REFUSED, str(error), None if headless else TRY_HEADLESS)
        _print_tokens(tokens, described, as_json=as_json)


def _seconds(text: str) -> float:
    from sandbox.domain.duration import parse_duration

    try:
        return parse_duration(text) / 1000
    except ValueError as error:
        fail(EXIT_USAGE, f"--timeout: {error}")


class Flow:
    """One authorization code flow of a client, with PKCE where it is in use there."""

    def __init__(
        self, world: "World", bank: "answers.Bank", client: "answers.Client", scope: str
    ) -> None:
        from sandbox.chance import secret

        self._world = world
        self._bank = bank
        self._client = client
        self._scope = scope
        self._state = secret(16)
        self._verifier = None if client.pkce == "off" else secret(48)

    def headless(self, persona: str) -> dict[str, Any]:
        """Let the control door press the buttons; the exchange is the client's own."""
        redirect_uri = self._client.redirect_uris[0]
        consent = self._world.approve(self._address(redirect_uri), persona, bank=self._bank.name)
        return self._exchange(consent.code, redirect_uri)

    def by_browser(self, timeout_s: float, *, opens: bool) -> dict[str, Any]:
        from sandbox.cli.loopback import Listener, check_answer, loopback_uri

        is_public = self._client.token_endpoint_auth_method == "none"
        with Listener(loopback_uri(self._client), any_port=is_public) as listener:
            address = self._address(listener.redirect_uri)
            typer.echo(f"Log in and allow on the bank's pages:\n{address}", err=True)
            if opens:
                import webbrowser

                webbrowser.open(address)
            code = check_answer(self._bank, listener.wait(timeout_s), self._state)
            return self._exchange(code, listener.redirect_uri)

    def _address(self, redirect_uri: str) -> str:
        from sandbox.cli.loopback import authorization_url
        from sandbox.domain.oauth.pkce import challenge_of

        query = {"response_type": "code", "client_id": self._client.client_id}
        query |= {"redirect_uri": redirect_uri, "scope": self._scope, "state": self._state}
        if self._verifier is not None:
            challenge = challenge_of(self._verifier)
            query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return authorization_url(self._bank, query)

    def _exchange(self, code: str, redirect_uri: str) -> dict[str, Any]:
        from sandbox.cli.loopback import exchange

        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self._verifier is not None:
            form["code_verifier"] = self._verifier
        return exchange(self._bank, self._client, form)


def _print_tokens(tokens: dict[str, Any], bank: "answers.Bank", *, as_json: bool) -> None:
    if as_json:
        print_json(tokens)
        return
    for name, value in tokens.items():
        typer.echo(f"{name:<25} {value}")
    token = tokens.get("access_token")
    typer.echo(f"\ncurl -H 'Authorization: Bearer {token}' {bank.api_base}/accounts")
