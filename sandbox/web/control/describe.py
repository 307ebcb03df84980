"""A world as the control API shows it: banks, addresses, ready clients, personas (DESIGN §10)."""

from typing import Any

from sandbox.clock import Mode
from sandbox.domain.client import Client
from sandbox.domain.persona import Persona
from sandbox.domain.time import iso
from sandbox.services.bank import Bank
from sandbox.services.oversight import FirmNow, OversightService, stage
from sandbox.services.population import load_people
from sandbox.services.ready_keys import shown_keys
from sandbox.services.told_secrets import LoginNow, logins_now
from sandbox.services.world import World
from sandbox.web.control.endpoint import ControlCall, Controls
from sandbox.web.oauth.metadata import endpoints_of
from sandbox.web.profile import Profile

Json = dict[str, Any]


def clock(world: World) -> Json:
    """Return ``{"mode", "now"}``, and ``rate`` where it matters."""
    state = world.clock.state
    shown: Json = {"mode": state.mode.value, "now": iso(world.now())}
    if state.mode is Mode.SCALED:
        shown["rate"] = state.rate
    return shown


def listed(call: ControlCall, name: str) -> Json:
    """Return a world as the list shows it; a closed one is not opened for that."""
    running = call.controls.front.worlds.running.get(name)
    if running is None:
        return {"name": name, "open": False}
    return {"name": name, "open": True, "seed": running.seed, "clock": clock(running)}


async def world(found: World, controls: Controls) -> Json:
    tls_base_url = found.tls_base_url()
    over_tls = {} if tls_base_url is None else {"tls_base_url": tls_base_url + found.prefix}
    return {
        "name": found.name,
        "seed": found.seed,
        "clock": clock(found),
        "base_url": found.base_url() + found.prefix,
        **over_tls,
        "banks": [
            await bank(controls.front.worlds.bank(found, profile.name), profile)
            for profile in controls.profiles.values()
        ],
    }


async def bank(found: Bank, profile: Profile) -> Json:
    issuer, here = found.world.issuer(profile.name), found.world.personas
    clients = await found.registration.list_all()
    firms = await OversightService(found.world).firms(profile.name)
    logins = await logins_now(found.world, profile.name)
    return {
        "name": profile.name,
        "display_name": {"ja": profile.face.name_ja, "en": profile.face.name_en},
        "bank_code": profile.bank_code,
        **endpoints_of(issuer, profile),
        "openapi": f"{issuer}/openapi.json",
        "clients": [client(each, found.registration.known_secret(each)) for each in clients],
        "personas": [
            persona(ready, logins[str(ready.key)], firms.get(ready.contractor_id))
            for ready in load_people(profile.name)
            if ready.lives_in(here)
        ],
    }


def client(found: Client, secret: str | None) -> Json:
    """Return a client; ``secret`` None: it has none, or the bank knows no more than its hash."""
    shown: Json = {"client_id": found.client_id}
    if secret is not None:
        shown["client_secret"] = secret
    return {
        **shown,
        "provider_name": found.provider_name,
        "redirect_uris": list(found.redirect_uris),
        "scopes": list(found.scopes),
        "token_endpoint_auth_method": found.auth_method,
        "security_profile": found.security_profile,
        "functions": list(found.functions),
        "contractor_kinds": list(found.contractor_kinds),
        "pkce": found.pkce,
        "auto_manual_mode": found.auto_manual_mode,
        "status": found.status,
        **_proofs(found),
    }


def _proofs(found: Client) -> Json:
    """Return what a client shows beside, or instead of, a secret."""
    options = found.options
    said = {
        "jwks": shown_keys(found),
        "dpop_bound_access_tokens": options.dpop_bound or None,
        "tls_client_auth_subject_dn": options.tls_subject_dn or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def persona(ready: Persona, login: LoginNow, firm: FirmNow | None) -> Json:
    """Return a persona; ``firm``: how its contract and its rights stand now, if it has one."""
    unknown = {"login_unknown": list(login.unknown)} if login.unknown else {}
    shown: Json = {
        "name": ready.key,
        "story": {"ja": ready.story_ja, "en": ready.story_en},
        "kind": ready.kind,
        "holder_name": ready.name,
        "login": dict(login.fields),
        **unknown,
    }
    if firm is None or ready.user is None:
        return shown
    client = {} if firm.client_id is None else {"client_id": firm.client_id}
    return {
        **shown,
        **client,
        "contractor_id": ready.contractor_id,
        "rights": firm.rights.get(ready.user.user_id, []),
        "stage": stage(firm.stage),
    }
