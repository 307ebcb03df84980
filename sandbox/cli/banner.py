"""What ``serve`` prints once it is ready: all that a first call needs."""

import unicodedata
from typing import TYPE_CHECKING

from sandbox.domain.persona import Persona, ReadyClient
from sandbox.domain.time import iso
from sandbox.services.population import load_clients, load_people

if TYPE_CHECKING:
    from sandbox.app import Sandbox
    from sandbox.web.profile import Profile


NAME_COLUMNS = 28


def banner(sandbox: "Sandbox", *, has_token: bool) -> str:
    """Return the text: addresses, then each bank with clients, personas and one curl line.

    ``has_token``: the control door asks for one; the curl line takes it from the environment.
    """
    world = sandbox.world
    keeps = "temporary, removed at the end; keep it with --data DIR"
    lines = [
        "これは試験用の環境です / This is a test environment: everything in it is fictional.",
        "",
        f"  bank door     {sandbox.data_url}",
        *(
            []
            if sandbox.tls_url is None
            else [f"  over TLS      {sandbox.tls_url}  (its CA: bank-sandbox certs ca)"]
        ),
        f"  control door  {sandbox.control_url}",
        f"  data          {sandbox.directory} ({keeps if sandbox.is_temporary else 'kept'})",
        f"  world         {world.name}, seed {world.seed}, "
        f"clock {world.clock.state.mode.value}, now {iso(world.now())}",
    ]
    for profile in sandbox.profiles:
        lines += _bank(sandbox, profile, has_token=has_token)
    return "\n".join([*lines, "", "Ready. Stop with Ctrl+C.", ""])


def _bank(sandbox: "Sandbox", profile: "Profile", *, has_token: bool) -> list[str]:
    issuer = sandbox.world.issuer(profile.name)
    return [
        "",
        f"{profile.name}: {profile.face.name_ja} / {profile.face.name_en}",
        f"  issuer  {issuer}",
        "  clients",
        *_table([_client(each) for each in sandbox.world.ready_clients[profile.name]]),
        # Kept data may have other PINs by now; a world's description has what works.
        "  personas" if sandbox.is_temporary else "  personas, with their first PINs and passwords",
        *_table([_persona(persona) for persona in load_people(profile.name)]),
        "  first call (a code, without a browser)",
        f"    {first_call(sandbox.control_url, profile.name, has_token=has_token)}",
    ]


def first_call(control_url: str, bank: str, *, has_token: bool = False) -> str:
    """Return the curl line that makes a persona consent and answers the code."""
    client, persona = load_clients(bank)[0], load_people(bank)[0]
    body = (
        f'{{"bank":"{bank}","client_id":"{client.client_id}",'
        f'"persona":"{persona.key}","scope":"{client.scopes[0]}"}}'
    )
    token = '-H "Authorization: Bearer $SANDBOX_CONTROL_TOKEN" ' if has_token else ""
    return (
        f"curl -s {control_url}/api/v1/worlds/default/authorize {token}"
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


def _client(client: ReadyClient) -> list[str]:
    by = "public" if client.auth_method == "none" else client.auth_method
    no_uri = "(not registered yet)" if client.status == "issued" else "(introspects)"
    redirect_uri = client.redirect_uris[0] if client.redirect_uris else no_uri
    secret = client.client_secret or f"({by})"
    return [client.client_id, secret, f"PKCE {client.pkce}", redirect_uri]


def _persona(persona: Persona) -> list[str]:
    fields = " ".join(f"{name}={value}" for name, value in persona.login.fields().items())
    return [persona.key or "", _clipped(persona.person_name), fields]


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["    " + "  ".join(map(_padded, row, widths)).rstrip() for row in rows]


def _clipped(text: str) -> str:
    """Return ``text``, cut where it would push the columns behind it off the screen."""
    while _width(text) > NAME_COLUMNS:
        text = text[:-2] + "…"
    return text


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return the columns that ``text`` takes in a terminal: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
