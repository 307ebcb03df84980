"""``bank-sandbox tokens``, ``grants`` and ``authorize``: consents, and taking them away."""

from typing import Annotated

import typer

from sandbox.cli.options import (
    BANK,
    CONTROL,
    EXIT_USAGE,
    SCOPE,
    WORLD,
    AsJson,
    Bank,
    Control,
    OnlyClient,
    OnlyPersona,
    Scope,
    WorldName,
    asking_world,
    fail,
)
from sandbox.cli.output import print_one, print_rows

tokens = typer.Typer(help="Tokens: access and refresh tokens of the world.", no_args_is_help=True)
grants = typer.Typer(help="Grants: what contractors have allowed.", no_args_is_help=True)

Client = Annotated[str, typer.Option("--client", metavar="CLIENT_ID", help="Which client")]
Persona = Annotated[str, typer.Option("--persona", metavar="NAME", help="Who consents")]
TokenId = Annotated[str, typer.Argument(help="The token's id, from `tokens list`")]
GrantId = Annotated[str, typer.Argument(help="The grant's id, from `grants list`")]
CLIENT, PERSONA = "sandbox-aggregator", "taro"
NO_TOKENS = "No tokens. Get some: bank-sandbox tokens mint"
NO_GRANTS = "No grants. Consent: bank-sandbox authorize"


@tokens.command("list")
def list_tokens(
    client: OnlyClient = None,
    grant: Annotated[str | None, typer.Option(metavar="GRANT_ID", help="Only its")] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List the world's tokens by id; what they are is stored nowhere."""
    columns = {"ID": "id", "KIND": "kind", "LIVE": "is_live", "CLIENT": "client_id"}
    columns |= {"PERSONA": "persona", "EXPIRES": "expires_at", "GRANT": "grant_id"}
    with asking_world(control, world) as found:
        listed = found.tokens.list(client_id=client, grant_id=grant)
        print_rows(listed, columns, as_json=as_json, nothing=NO_TOKENS)


@tokens.command("mint")
def mint(
    client: Client = CLIENT,
    persona: Persona = PERSONA,
    scope: Scope = SCOPE,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let a persona consent and print the tokens that the client would get."""
    with asking_world(control, world) as found:
        pair = found.tokens.mint(client, persona, scope=scope, bank=bank)
        id_token = "" if pair.id_token is None else f"id_token       {pair.id_token}\n"
        text = (
            f"access_token   {pair.access_token}\n"
            f"refresh_token  {pair.refresh_token}\n{id_token}"
            f"{pair.token_type}, for {pair.expires_in} s and {pair.refresh_token_expires_in} s, "
            f"scope {pair.scope}"
        )
        print_one(pair, text, as_json=as_json)


@tokens.command("expire")
def expire_token(
    token_id: TokenId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let one token lapse now. Its grant lives on."""
    with asking_world(control, world, listed_by="tokens list") as found:
        found.tokens.expire(token_id)
        print_one({}, f"Token {token_id} has lapsed.", as_json=as_json)


@tokens.command("revoke")
def revoke_token(
    token_id: TokenId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Revoke a token by the bank: its whole grant ends."""
    with asking_world(control, world, listed_by="tokens list") as found:
        found.tokens.revoke(token_id)
        print_one({}, f"Token {token_id} is revoked, and its grant with it.", as_json=as_json)


@grants.command("list")
def list_grants(
    client: OnlyClient = None,
    persona: OnlyPersona = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """List grants: whose, for which client, until when, why ended."""
    columns = {"ID": "grant_id", "LIVE": "is_live", "CLIENT": "client_id", "PERSONA": "persona"}
    columns |= {"SCOPE": "scope", "EXPIRES": "expires_at", "ENDED": "end_reason"}
    with asking_world(control, world) as found:
        listed = found.grants.list(client_id=client, persona=persona)
        print_rows(listed, columns, as_json=as_json, nothing=NO_GRANTS)


@grants.command("revoke")
def revoke_grant(
    grant_id: GrantId,
    by: Annotated[str | None, typer.Option(help="bank, user or provider [default: bank]")] = None,
    reason: Annotated[str | None, typer.Option(help="Such as password_changed")] = None,
    lag: Annotated[str | None, typer.Option(help="How long it still goes on: 90s")] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """End a grant with both of its tokens."""
    with asking_world(control, world, listed_by="grants list") as found:
        found.grants.revoke(grant_id, by=by, reason=reason, lag=lag)
        print_one({}, f"Grant {grant_id} is revoked.", as_json=as_json)


@grants.command("expire")
def expire_grant(
    grant_id: GrantId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let a grant lapse now, as if its time were over."""
    with asking_world(control, world, listed_by="grants list") as found:
        found.grants.expire(grant_id)
        print_one({}, f"Grant {grant_id} has lapsed.", as_json=as_json)


def authorize(
    client: Client = CLIENT,
    persona: Persona = PERSONA,
    scope: Scope = SCOPE,
    bank: Bank = BANK,
    redirect_uri: Annotated[
        str | None, typer.Option(help="Default: the first that the client has registered")
    ] = None,
    state: Annotated[str | None, typer.Option(help="Comes back with the code")] = None,
    nonce: Annotated[str | None, typer.Option(help="OpenID nonce")] = None,
    code_challenge: Annotated[str | None, typer.Option(help="PKCE challenge, S256")] = None,
    account: Annotated[
        list[str] | None, typer.Option(help="Account id to tick; may be repeated [default: all]")
    ] = None,
    function: Annotated[
        list[str] | None, typer.Option(help="Function to tick; may be repeated [default: all]")
    ] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let a persona consent without a browser, and print where the browser would go."""
    with asking_world(control, world) as found:
        consent = found.authorize(
            client,
            persona,
            scope=scope,
            bank=bank,
            redirect_uri=redirect_uri,
            state=state,
            nonce=nonce,
            code_challenge=code_challenge,
            accounts=account or None,
            functions=function or None,
        )
        text = f"redirect_to  {consent.redirect_to}\ncode         {consent.code}"
        print_one(consent, text, as_json=as_json)


def unlock(
    login: Annotated[
        str | None, typer.Option(help="Such as card:001:1234567, as the journal shows it")
    ] = None,
    address: Annotated[str | None, typer.Option(help="Where the failures came from")] = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let a locked login, or all logins from a locked address, sign in again."""
    if login is None and address is None:
        fail(EXIT_USAGE, "say who: --login, --address, or both")
    with asking_world(control, world) as found:
        found.unlock(login=login, address=address, bank=bank)
        freed = " and ".join(each for each in (login, address) if each)
        print_one({}, f"{freed} may sign in again.", as_json=as_json)


def revoke(
    client: OnlyClient = None,
    contractor: Annotated[str | None, typer.Option(metavar="ID", help="All of this one")] = None,
    user: Annotated[
        str | None, typer.Option(metavar="USER_ID", help="With --contractor: this user's alone")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All grants of the bank")] = False,
    reason: Annotated[str | None, typer.Option(help="Such as password_changed")] = None,
    lag: Annotated[str | None, typer.Option(help="How long they still go on: 90s")] = None,
    bank: Bank = BANK,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """End grants early, by the bank: of a client, a contractor, a user, or all."""
    with asking_world(control, world, listed_by="grants list") as found:
        revoked = found.revoke(
            client_id=client,
            contractor_id=contractor,
            user_id=user,
            everybody=everybody,
            reason=reason,
            lag=lag,
            bank=bank,
        )
        print_one(revoked, f"{revoked.ended} grants have ended.", as_json=as_json)


@grants.command("leak")
def leak_grant(
    grant_id: GrantId,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Leak a grant's access token: print a twin, to call the bank as somebody who must not."""
    with asking_world(control, world, listed_by="grants list") as found:
        leaked = found.grants.leak(grant_id)
        bound = "\nbound: of no use without the client's key or certificate" * leaked.is_bound
        text = (
            f"access_token   {leaked.access_token}\nfor {leaked.expires_in} s, scope {leaked.scope}"
        )
        print_one(leaked, text + bound, as_json=as_json)
