"""A world as the control API shows it: banks, addresses, ready clients, personas (DESIGN §10)."""

from typing import Any

from sandbox.clock import Mode
from sandbox.domain.persona import Persona, ReadyClient
from sandbox.domain.time import iso
from sandbox.services.population import load_clients, load_personas
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


def world(found: World, controls: Controls) -> Json:
    tls_base_url = found.tls_base_url()
    over_tls = {} if tls_base_url is None else {"tls_base_url": tls_base_url + found.prefix}
    return {
        "name": found.name,
        "seed": found.seed,
        "clock": clock(found),
        "base_url": found.base_url() + found.prefix,
        **over_tls,
        "banks": [bank(found, profile) for profile in controls.profiles.values()],
    }


def bank(found: World, profile: Profile) -> Json:
    issuer = found.issuer(profile.name)
    return {
        "name": profile.name,
        "display_name": {"ja": profile.face.name_ja, "en": profile.face.name_en},
        "bank_code": profile.bank_code,
        **endpoints_of(issuer, profile),
        "openapi": f"{issuer}/openapi.json",
        "clients": [client(ready) for ready in load_clients(profile.name)],
        "personas": [
            persona(ready)
            for ready in load_personas(profile.name)
            if found.personas is None or ready.key in found.personas
        ],
    }


def client(ready: ReadyClient) -> Json:
    shown: Json = {"client_id": ready.client_id}
    if ready.client_secret is not None:
        shown["client_secret"] = ready.client_secret
    return {
        **shown,
        "provider_name": ready.provider_name,
        "redirect_uris": list(ready.redirect_uris),
        "scopes": list(ready.scopes),
        "token_endpoint_auth_method": ready.auth_method,
        "security_profile": ready.security_profile,
        "functions": list(ready.functions),
        "contractor_kinds": list(ready.contractor_kinds),
        "pkce": ready.pkce,
        "auto_manual_mode": ready.auto_manual_mode,
        "status": ready.status,
    }


def persona(ready: Persona) -> Json:
    return {
        "name": ready.key,
        "story": {"ja": ready.story_ja, "en": ready.story_en},
        "kind": ready.kind,
        "holder_name": ready.name,
        "login": ready.login.fields(),
    }
