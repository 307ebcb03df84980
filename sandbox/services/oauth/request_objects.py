"""A client's signed requests (RFC 9101): signed with a key it registered, by value alone.

Import it late: it brings JOSE with it.
"""

from sandbox.domain.client import Client
from sandbox.domain.oauth import request_object as rules
from sandbox.domain.oauth.errors import InvalidRequestObject
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.oauth.security import SecurityRules
from sandbox.domain.time import Instant
from sandbox.services.oauth.jose import JoseRefused, verify


def unpacked(
    client: Client, token: str, allowed: SecurityRules, issuer: str, now: Instant
) -> Parameters:
    """Return the parameters that ``client`` signed.

    Raises:
        InvalidRequestObject: it has not signed them, or not as it should.
    """
    wanted = client.options.request_object_alg
    algorithms = [name for name in allowed.algorithms if name == wanted]
    try:
        verified = verify(token, client.options.jwks or '{"keys": []}', algorithms)
        parameters = rules.parameters_in(verified.claims)
    except (JoseRefused, rules.NoParameter) as error:
        raise InvalidRequestObject(f"request: {error}") from None
    typ = str(verified.header.get("typ", "JWT")).lower().removeprefix("application/")
    why = None if typ in rules.TYPES else "typ must be oauth-authz-req+jwt"
    why = why or rules.refusal(
        verified.claims, client.client_id, issuer, now, is_strict=allowed.strict_requests
    )
    if why is not None:
        raise InvalidRequestObject(f"request: {why}")
    return parameters
