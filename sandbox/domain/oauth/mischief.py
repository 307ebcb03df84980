"""What can be made to go wrong in the OAuth flow on request (faults F-33, F-34).

Each answer has the stages at which it can strike; the first is the one meant where none is said.
``before``: nothing is done. ``after_commit``: all is done, and the client is told that it is not.
``reply``: all is done, and the answer is harmed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_REFUSED = ("before", "after_commit")
_HARMED = ("reply",)

# The OAuth error (RFC 6749 §5.2) and its status.
TOKEN_ERRORS: Mapping[str, int] = MappingProxyType(
    {
        "invalid_grant": 400,
        "invalid_request": 400,
        "invalid_scope": 400,
        "invalid_client": 401,
        "server_error": 500,
        "temporarily_unavailable": 503,
    }
)
TOKEN_HARMS = (
    "broken_json",
    "without_access_token",
    "without_refresh_token",
    "without_scope",
    "narrower_scope",
    "wider_scope",
    "expires_in_1",
    "wrong_token_type",
)
AUTHORIZE_ERRORS = ("access_denied", "server_error", "temporarily_unavailable")
AUTHORIZE_HARMS = (
    "state_changed",
    "state_missing",
    "error_and_code",
    "code_missing",
    "iss_changed",
    "iss_missing",
    "code_expired",
    "code_spent",
)
TAMPERING = (
    "bad_signature",
    "wrong_aud",
    "wrong_iss",
    "wrong_kid",
    "wrong_alg",
    "missing_claim",
    "expired",
)


def stages_of(effect: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the stages at which ``effect`` can strike, its usual one first."""
    answer = effect.get("answer")
    is_refusal = answer in TOKEN_ERRORS or answer in AUTHORIZE_ERRORS
    return _REFUSED if is_refusal else _HARMED


def harmed_token_answer(body: dict[str, Any], answer: str) -> dict[str, Any]:
    """Return the token endpoint's answer as a client must not trust it. Not for broken JSON."""
    if answer.startswith("without_"):
        return {name: value for name, value in body.items() if name != answer[len("without_") :]}
    changes: dict[str, dict[str, Any]] = {
        "narrower_scope": {"scope": ""},
        "wider_scope": {"scope": f"{body.get('scope', '')} more".strip()},
        "expires_in_1": {"expires_in": 1},
        "wrong_token_type": {"token_type": "mac"},
    }
    return {**body, **changes[answer]}


def harmed_answer(values: dict[str, str], answer: str) -> dict[str, str]:
    """Return the parameters that the browser carries back, changed. Codes are harmed elsewhere."""
    if answer == "error_and_code":
        return {**values, "error": "access_denied"}
    name, _, how = answer.partition("_")
    if how == "missing":
        return {key: value for key, value in values.items() if key != name}
    if how == "changed":
        return {**values, name: values.get(name, "") + "-changed"}
    return values
