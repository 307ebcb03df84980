"""The authorization request (RFC 6749 §4.1.1) and the order in which it is checked.

Rule: ``SHOWN_CHECKS`` run first and are shown to the person, because until they pass nothing
proves where else an error could safely go (O-2, O-3). ``REDIRECTED_CHECKS`` follow, and their
errors go back to the client's proven redirect URI. What is not in these two lists is not checked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.domain.client import Client
from sandbox.domain.oauth import pkce
from sandbox.domain.oauth.errors import (
    InvalidRequest,
    InvalidScope,
    OAuthError,
    ShownError,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from sandbox.domain.oauth.parameters import Parameters

CLIENT_ID_MAX = 128
REDIRECT_URI_MAX = 256
SCOPE_MAX = 256
STATE_MAX = {"bank": 128, "bcp": 2048, "fapi2": 2048}  # the bank's file wins for its own clients
NONCE_MAX = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What passed every check."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str | None
    nonce: str | None
    code_challenge: str | None
    dpop_jkt: str | None = None
    detail: str = "{}"  # claims and authorization details that are asked for (JSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request under check. ``client`` is None where the bank knows no such client."""

    parameters: Parameters
    client: Client | None
    bank_scopes: frozenset[str]

    def get(self, name: str) -> str:
        return self.parameters.get(name) or ""

    @property
    def proven_client(self) -> Client:
        assert self.client is not None  # client_known ran first
        return self.client


def no_parameter_twice(asked: Asked) -> ShownError | None:
    if asked.parameters.duplicated:  # O-27
        return ShownError(
            "duplicate_parameter", parameter=", ".join(sorted(asked.parameters.duplicated))
        )
    return None


def client_known(asked: Asked) -> ShownError | None:
    client_id = asked.get("client_id")
    if asked.client is None or len(client_id) > CLIENT_ID_MAX:  # T-6
        return ShownError("unknown_client", client_id=client_id[:CLIENT_ID_MAX])
    return None


def client_not_blocked(asked: Asked) -> ShownError | None:
    if not asked.proven_client.is_active:  # T-22
        return ShownError("client_blocked", client_id=asked.proven_client.client_id)
    return None


def redirect_uri_registered(asked: Asked) -> ShownError | None:
    redirect_uri = asked.get("redirect_uri")
    too_long = len(redirect_uri) > REDIRECT_URI_MAX
    if too_long or not asked.proven_client.knows_redirect_uri(redirect_uri):
        return ShownError("redirect_uri_mismatch", redirect_uri=redirect_uri[:REDIRECT_URI_MAX])
    return None


def state_given(asked: Asked) -> OAuthError | None:
    limit = STATE_MAX[asked.proven_client.security_profile]
    if not asked.get("state"):
        return InvalidRequest("state is required")
    if len(asked.get("state").encode("utf-8", "surrogateescape")) > limit:
        return InvalidRequest(f"state is longer than {limit} bytes")
    return None


def no_unsupported_extension(asked: Asked) -> OAuthError | None:
    for name in ("request", "request_uri", "registration"):
        if asked.get(name):
            return InvalidRequest(f"{name} is not supported")
    return None


def response_type_code(asked: Asked) -> OAuthError | None:
    response_type = asked.get("response_type")
    if not response_type:
        return InvalidRequest("response_type is required")
    if response_type != "code":
        return UnsupportedResponseType("response_type must be code")
    return None


def response_mode_query(asked: Asked) -> OAuthError | None:
    if asked.get("response_mode") not in ("", "query"):
        return InvalidRequest("response_mode must be query")
    return None


def scope_allowed(asked: Asked) -> OAuthError | None:
    scope = asked.get("scope")
    if not scope:
        return InvalidRequest("scope is required")
    asked_for = scope.split(" ")
    if len(scope) > SCOPE_MAX or not set(asked_for) <= asked.bank_scopes:
        return InvalidScope("the bank knows no such scope")
    if not set(asked_for) <= set(asked.proven_client.scopes):
        return InvalidScope("the client may not ask for this scope")
    return None


def response_type_allowed(asked: Asked) -> OAuthError | None:
    if not asked.proven_client.contractor_kinds:
        return UnauthorizedClient("the client serves no contractors")
    return None


def pkce_sound(asked: Asked) -> OAuthError | None:
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    rule = asked.proven_client.pkce
    if rule == "off":
        return None
    if not challenge:
        if method:
            return InvalidRequest("code_challenge_method without code_challenge")
        if rule == "required":  # T-17
            return InvalidRequest("code_challenge is required for this client")
        return None
    if method != "S256":  # O-6: plain, and its default, are refused
        return InvalidRequest("code_challenge_method must be S256")
    if not pkce.is_challenge(challenge):
        return InvalidRequest("code_challenge is not a base64url SHA-256")
    return None


def nonce_short(asked: Asked) -> OAuthError | None:
    if len(asked.get("nonce")) > NONCE_MAX:
        return InvalidRequest(f"nonce is longer than {NONCE_MAX} characters")
    return None


SHOWN_CHECKS: tuple[Callable[[Asked], ShownError | None], ...] = (
    no_parameter_twice,
    client_known,
    client_not_blocked,
    redirect_uri_registered,
)
REDIRECTED_CHECKS: tuple[Callable[[Asked], OAuthError | None], ...] = (
    no_unsupported_extension,
    response_type_code,
    response_mode_query,
    state_given,
    scope_allowed,
    response_type_allowed,
    pkce_sound,
    nonce_short,
)


def shown_refusal(asked: Asked) -> ShownError | None:
    """Return the first error that may only be shown, or None."""
    return next((e for check in SHOWN_CHECKS if (e := check(asked)) is not None), None)


def redirected_refusal(asked: Asked) -> OAuthError | None:
    """Return the first error that goes back to the client, or None."""
    return next((e for check in REDIRECTED_CHECKS if (e := check(asked)) is not None), None)


def accepted(asked: Asked) -> AuthorizationRequest:
    """Return the request, once neither list has an objection."""
    uses_pkce = asked.proven_client.pkce != "off"
    return AuthorizationRequest(
        client_id=asked.proven_client.client_id,
        redirect_uri=asked.get("redirect_uri"),
        scope=" ".join(dict.fromkeys(asked.get("scope").split(" "))),
        state=asked.parameters.get("state"),
        nonce=asked.parameters.get("nonce"),
        code_challenge=asked.parameters.get("code_challenge") if uses_pkce else None,
    )
