"""The authorization request (RFC 6749 §4.1.1) and the order in which it is checked.

Rule: ``SHOWN_CHECKS`` run first and are shown to the person, because until they pass nothing
proves where else an error could safely go (O-2, O-3). ``REDIRECTED_CHECKS`` follow, and their
errors go back to the client's proven redirect URI. What is not in these two lists is not checked.

A request that is pushed (RFC 9126) passes the same lists, and all errors answer the push. It
passes them again when it is used: client and bank may have changed meanwhile.
"""

import json
import re
from collections.abc import Callable

from sandbox.domain.oauth import openid, pkce
from sandbox.domain.oauth.asked import REDIRECT_URI_MAX, Asked, AuthorizationRequest
from sandbox.domain.oauth.contracted import (
    approval_alone,
    client_ready,
    contract_in_force,
    services_contracted,
    web_server_registered,
)
from sandbox.domain.oauth.errors import (
    InvalidAuthorizationDetails,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    OAuthError,
    RegistrationNotSupported,
    RequestUriNotSupported,
    ShownError,
    UnauthorizedClient,
    UnmetAuthenticationRequirements,
    UnsupportedResponseType,
)
from sandbox.domain.oauth.openid import IDENTITY_SCOPES, OPENID, NotUnderstood
from sandbox.domain.oauth.personal import ACR

CLIENT_ID_MAX = 128
SCOPE_MAX = 256
STATE_MAX = {"bank": 128, "bcp": 2048, "fapi2": 2048}  # the bank's file wins for its own clients
NONCE_MAX = 128
QUERY, FORM_POST = "query", "form_post"
RESPONSE_MODES = (QUERY, FORM_POST)
_UNPOSTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
HINTS_MAX = {"login_hint": 128, "ui_locales": 128, "acr_values": 256, "display": 32}


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
    if not asked.proven_client.is_active and not asked.proven_client.is_issued:  # T-22
        return ShownError("client_blocked", client_id=asked.proven_client.client_id)
    return None


def request_uri_good(asked: Asked) -> ShownError | None:
    return asked.origin.shown  # O-19


def request_object_or_redirect_uri(asked: Asked) -> ShownError | None:
    refusal = asked.origin.refusal
    if refusal is not None and not asked.has_known_redirect_uri:
        return ShownError("request_object", reason=refusal.description)
    return None


def redirect_uri_registered(asked: Asked) -> ShownError | None:
    if not asked.has_known_redirect_uri:
        redirect_uri = asked.get("redirect_uri")
        return ShownError("redirect_uri_mismatch", redirect_uri=redirect_uri[:REDIRECT_URI_MAX])
    return None


def pushed_where_required(asked: Asked) -> OAuthError | None:
    if asked.proven_rules.par_only and asked.origin.channel == "front":
        return InvalidRequest("this client must push its requests (RFC 9126)")
    return None


def no_foreign_request_uri(asked: Asked) -> OAuthError | None:
    if not asked.get("request_uri"):
        return None
    if asked.origin.channel == "push":
        return InvalidRequest("a request_uri cannot be pushed")  # RFC 9126 §2.1
    return RequestUriNotSupported("request_uri must come from the PAR endpoint")  # O-20


def request_object_sound(asked: Asked) -> OAuthError | None:
    if asked.origin.refusal is not None:
        return asked.origin.refusal  # O-20
    is_required = asked.proven_client.options.request_object_required
    if is_required and not asked.origin.has_object and asked.origin.channel in ("front", "push"):
        return InvalidRequest("this client must sign its requests (RFC 9101)")
    return None


def no_registration(asked: Asked) -> OAuthError | None:
    if asked.get("registration"):
        return RegistrationNotSupported("registration is not supported")
    return None


def state_given(asked: Asked) -> OAuthError | None:
    profile = asked.proven_client.security_profile
    if not asked.get("state") and profile == "bank":  # elsewhere PKCE does what a state is for
        return InvalidRequest("state is required")
    if len(asked.get("state").encode("utf-8", "surrogateescape")) > STATE_MAX[profile]:
        return InvalidRequest(f"state is longer than {STATE_MAX[profile]} bytes")
    return None


def response_type_code(asked: Asked) -> OAuthError | None:
    response_type = asked.get("response_type")
    if not response_type:
        return InvalidRequest("response_type is required")
    if response_type != "code":
        return UnsupportedResponseType("response_type must be code")
    return None


def response_mode_known(asked: Asked) -> OAuthError | None:
    wanted = asked.get("response_mode")
    if wanted not in ("", *RESPONSE_MODES):
        return InvalidRequest("response_mode must be query or form_post")
    if wanted == FORM_POST and not _can_be_posted(asked):
        return InvalidRequest("form_post needs a web address, and a state that a form can hold")
    return None


def response_mode_of(asked: Asked) -> str:
    """Return how the answer goes back, an error among them: in the query unless asked otherwise."""
    by_form = asked.get("response_mode") == FORM_POST and _can_be_posted(asked)
    return FORM_POST if by_form else QUERY


def _can_be_posted(asked: Asked) -> bool:
    """Tell whether a browser posts to the redirect URI, and the state as it is (O-8).

    Forms send every line break as two characters, and no bytes that are no text.
    """
    is_web = asked.get("redirect_uri").startswith(("https://", "http://"))
    return is_web and _UNPOSTABLE.search(asked.get("state")) is None


def scope_allowed(asked: Asked) -> OAuthError | None:
    scope, scopes = asked.get("scope"), set(asked.scopes)
    if not scope:
        return InvalidRequest("scope is required")
    if len(scope) > SCOPE_MAX or not scopes <= asked.bank_scopes | IDENTITY_SCOPES:
        return InvalidScope("the bank knows no such scope")
    if not scopes <= set(asked.proven_client.scopes):
        return InvalidScope("the client may not ask for this scope")
    if scopes & IDENTITY_SCOPES and OPENID not in scopes:
        return InvalidScope("profile, email, address and phone go with openid")
    return None


def response_type_allowed(asked: Asked) -> OAuthError | None:
    if not asked.proven_client.contractor_kinds:
        return UnauthorizedClient("the client serves no contractors")
    return None


def pkce_sound(asked: Asked) -> OAuthError | None:
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    rule = asked.proven_rules.pkce
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


def dpop_key_sound(asked: Asked) -> OAuthError | None:
    dpop_jkt = asked.get("dpop_jkt")
    if dpop_jkt and not pkce.is_challenge(dpop_jkt):  # the same form: a SHA-256 in base64url
        return InvalidRequest("dpop_jkt is not a base64url SHA-256")
    return None


def nonce_sound(asked: Asked) -> OAuthError | None:
    nonce = asked.get("nonce")
    if len(nonce) > NONCE_MAX:
        return InvalidRequest(f"nonce is longer than {NONCE_MAX} characters")
    # RFC 9700 §2.1.1: without PKCE the nonce alone ties the code to the browser that asked.
    if not nonce and OPENID in asked.scopes and asked.proven_rules.pkce == "off":
        return InvalidRequest("nonce is required where PKCE is off")
    return None


def prompt_sound(asked: Asked) -> OAuthError | None:
    try:
        openid.prompts_of(asked.get("prompt"))
    except NotUnderstood as error:
        return InvalidRequest(str(error))
    return None


def max_age_sound(asked: Asked) -> OAuthError | None:
    try:
        openid.seconds_of(asked.get("max_age") or "0")
    except NotUnderstood as error:
        return InvalidRequest(str(error))
    return None


def hints_short(asked: Asked) -> OAuthError | None:
    for name, longest in HINTS_MAX.items():
        if len(asked.get(name)) > longest:
            return InvalidRequest(f"{name} is longer than {longest} characters")
    return None


def id_token_hint_ours(asked: Asked) -> OAuthError | None:
    return asked.origin.hint_refusal


def acr_reachable(asked: Asked) -> OAuthError | None:
    """Refuse what no log-in at the bank can be: every one of them is of the same class."""
    try:
        needed = openid.essential_acrs(asked.get("claims") or "{}")
    except NotUnderstood as error:
        return InvalidRequest(str(error))
    if OPENID in asked.scopes and needed is not None and ACR not in needed:
        return UnmetAuthenticationRequirements(f"the bank's log-ins are of the class {ACR}")
    return None


def claims_sound(asked: Asked) -> OAuthError | None:
    try:
        openid.claims_of(asked.get("claims") or "{}")
    except NotUnderstood as error:
        return InvalidRequest(str(error))
    return None


def no_authorization_details(asked: Asked) -> OAuthError | None:
    if asked.get("authorization_details"):  # RFC 9396 §5: a type that the bank does not know
        return InvalidAuthorizationDetails("the bank knows no type of authorization details")
    return None


def resource_is_ours(asked: Asked) -> OAuthError | None:
    if asked.get("resource") not in ("", asked.api_base):  # RFC 8707 §2
        return InvalidTarget("resource must be the address of the bank's APIs")
    return None


SHOWN_CHECKS: tuple[Callable[[Asked], ShownError | None], ...] = (
    no_parameter_twice,
    client_known,
    client_not_blocked,
    request_uri_good,
    request_object_or_redirect_uri,
    web_server_registered,
    redirect_uri_registered,
)
REDIRECTED_CHECKS: tuple[Callable[[Asked], OAuthError | None], ...] = (
    pushed_where_required,
    no_foreign_request_uri,
    request_object_sound,
    no_registration,
    response_type_code,
    response_mode_known,
    state_given,
    contract_in_force,
    client_ready,
    scope_allowed,
    approval_alone,
    services_contracted,
    response_type_allowed,
    pkce_sound,
    dpop_key_sound,
    nonce_sound,
    prompt_sound,
    max_age_sound,
    hints_short,
    id_token_hint_ours,
    claims_sound,
    acr_reachable,
    no_authorization_details,
    resource_is_ours,
)


def shown_refusal(asked: Asked) -> ShownError | None:
    """Return the first error that may only be shown, or None."""
    return next((e for check in SHOWN_CHECKS if (e := check(asked)) is not None), None)


def redirected_refusal(asked: Asked) -> OAuthError | None:
    """Return the first error that goes back to the client, or None."""
    return next((e for check in REDIRECTED_CHECKS if (e := check(asked)) is not None), None)


def accepted(asked: Asked) -> AuthorizationRequest:
    """Return the request, once neither list has an objection."""
    uses_pkce = asked.proven_rules.pkce != "off"
    get = asked.parameters.get
    return AuthorizationRequest(
        client_id=asked.proven_client.client_id,
        redirect_uri=asked.get("redirect_uri"),
        scope=" ".join(dict.fromkeys(asked.scopes)),
        state=get("state"),
        nonce=get("nonce"),
        code_challenge=get("code_challenge") if uses_pkce else None,
        dpop_jkt=get("dpop_jkt"),
        detail=_detail(asked),
        max_age=None if get("max_age") is None else openid.seconds_of(asked.get("max_age")),
        prompt=asked.get("prompt"),
        login_hint=get("login_hint"),
        ui_locales=asked.get("ui_locales"),
        subject=asked.origin.subject or _subject(asked),
        pushed=asked.origin.pushed,
        response_mode=response_mode_of(asked),
    )


def _detail(asked: Asked) -> str:
    """Return what ID token and userinfo must know of the request (JSON)."""
    if OPENID not in asked.scopes:
        return "{}"
    claims = openid.claims_of(asked.get("claims") or "{}")
    return json.dumps({"claims": claims} if claims else {})


def _subject(asked: Asked) -> str | None:
    """Return who must sign in by the ``claims`` parameter (Core §5.5.1: ``sub`` with a value)."""
    claims = openid.claims_of(asked.get("claims") or "{}")
    subject = (claims.get("id_token", {}).get("sub") or {}).get("value")
    return subject if isinstance(subject, str) and OPENID in asked.scopes else None
