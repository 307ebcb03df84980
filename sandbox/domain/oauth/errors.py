"""OAuth refusals (RFC 6749 §4.1.2.1, §5.2; RFC 7009). Descriptions are ASCII."""

from sandbox.domain.errors import Holder, Reason


class OAuthError(Exception):
    """An error that goes to the client, with the RFC's code in ``error``.

    ``holder``: whose code or token it was, where that is known. For the journal alone.
    """

    error = "invalid_request"
    holder: Holder | None = None

    def __init__(self, description: str, reason: Reason | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.reason = reason


class InvalidRequest(OAuthError):
    error = "invalid_request"


class InvalidClient(OAuthError):
    """Client authentication failed. ``used_basic`` asks for a ``WWW-Authenticate`` (O-10)."""

    error = "invalid_client"

    def __init__(
        self, description: str, *, used_basic: bool = False, reason: Reason | None = None
    ) -> None:
        super().__init__(description, reason)
        self.used_basic = used_basic


class InvalidGrant(OAuthError):
    error = "invalid_grant"


class InvalidDpopProof(OAuthError):
    """A DPoP proof does not prove what it should (RFC 9449 §5)."""

    error = "invalid_dpop_proof"


class UseDpopNonce(OAuthError):
    """The proof lacks a nonce of the bank's, which the answer hands out (RFC 9449 §8)."""

    error = "use_dpop_nonce"


class GrantReused(InvalidGrant):
    """A spent code or refresh token came back; everything of its grant dies (O-5, O-12)."""


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    error = "unsupported_response_type"


class InvalidScope(OAuthError):
    error = "invalid_scope"


class AccessDenied(OAuthError):
    error = "access_denied"


class ServerError(OAuthError):
    error = "server_error"


class TemporarilyUnavailable(OAuthError):
    error = "temporarily_unavailable"


class InvalidTarget(OAuthError):
    error = "invalid_target"  # RFC 8707


class InvalidAuthorizationDetails(OAuthError):
    error = "invalid_authorization_details"  # RFC 9396


class InvalidRequestObject(OAuthError):
    error = "invalid_request_object"  # RFC 9101


class RequestNotSupported(OAuthError):
    error = "request_not_supported"  # OpenID Connect Core §3.1.2.6, and so the next five


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    error = "registration_not_supported"


class LoginRequired(OAuthError):
    error = "login_required"


class ConsentRequired(OAuthError):
    error = "consent_required"


class InteractionRequired(OAuthError):
    error = "interaction_required"


class UnmetAuthenticationRequirements(OAuthError):
    """The log-in cannot be what the client needs (OpenID Connect Core §5.5.1.1)."""

    error = "unmet_authentication_requirements"


class ShownError(Exception):
    """An error that a person sees on a page, because nothing proves where else to send it (O-2).

    ``code`` names the page's text; ``status`` is the HTTP status of the page.
    """

    def __init__(self, code: str, status: int = 400, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.details = details
