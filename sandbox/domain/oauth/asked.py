"""An authorization request: as it is asked, and as it was accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.domain.client import Client
from sandbox.domain.corporate.contract import Service, ServiceContract
from sandbox.domain.oauth import openid
from sandbox.domain.oauth.errors import OAuthError, ShownError
from sandbox.domain.oauth.openid import IDENTITY_SCOPES, OPENID
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.oauth.security import SecurityRules

REDIRECT_URI_MAX = 256


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
    detail: str = "{}"  # {"claims": {"userinfo": {…}, "id_token": {…}}}: each where asked for
    max_age: int | None = None  # of the log-in, in seconds
    prompt: str = ""
    login_hint: str | None = None
    ui_locales: str = ""
    subject: str | None = None  # who must sign in, as ID tokens name them
    pushed: str | None = None  # the hash of the request URI that it came by, until a log-in
    response_mode: str = "query"

    @property
    def is_openid(self) -> bool:
        return OPENID in self.scope.split()

    @property
    def opens_apis(self) -> bool:
        """True where a bank's own scope is asked for, and so functions and accounts."""
        return not set(self.scope.split()) <= IDENTITY_SCOPES

    @property
    def prompts(self) -> frozenset[str]:
        return openid.prompts_of(self.prompt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a request came, and what was found out about it on the way to its parameters."""

    channel: str = "front"  # front; push: being pushed; pushed: by a request URI; control
    has_object: bool = False
    shown: ShownError | None = None  # the request URI is none, or not good any more
    refusal: OAuthError | None = None  # the request object is not sound
    hint_refusal: OAuthError | None = None  # the id_token_hint is not the bank's own
    subject: str | None = None  # whom the id_token_hint names
    pushed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request under check. ``client`` is None where the bank knows no such client."""

    parameters: Parameters
    client: Client | None
    rules: SecurityRules | None
    bank_scopes: frozenset[str]
    api_base: str
    origin: Origin
    services: Mapping[str, Service] = field(default_factory=dict)  # by scope
    contract: ServiceContract | None = None  # the one that the client was issued to

    def get(self, name: str) -> str:
        return self.parameters.get(name) or ""

    @property
    def proven_client(self) -> Client:
        assert self.client is not None  # client_known ran first
        return self.client

    @property
    def proven_rules(self) -> SecurityRules:
        assert self.rules is not None  # there are some for every client
        return self.rules

    @property
    def scopes(self) -> list[str]:
        return self.get("scope").split(" ")

    @property
    def has_known_redirect_uri(self) -> bool:
        redirect_uri = self.get("redirect_uri")
        is_short = len(redirect_uri) <= REDIRECT_URI_MAX
        return is_short and self.proven_client.knows_redirect_uri(redirect_uri)
