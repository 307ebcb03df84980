"""Checks of an authorization request at a bank whose clients belong to a service contract.

Where clients are providers, every one of these lets the request pass.
"""

from sandbox.domain.corporate.contract import Service
from sandbox.domain.oauth.asked import Asked
from sandbox.domain.oauth.errors import InvalidScope, OAuthError, ShownError, UnauthorizedClient


def web_server_registered(asked: Asked) -> ShownError | None:
    client = asked.proven_client
    if client.is_issued and not client.redirect_uris:  # W-40: and nowhere to send the error to
        return ShownError("unauthorized_client", client_id=client.client_id)
    return None


def contract_in_force(asked: Asked) -> OAuthError | None:
    if asked.services and (asked.contract is None or not asked.contract.is_in_force):  # W-25
        return UnauthorizedClient("the service contract is not in force")
    return None


def client_ready(asked: Asked) -> OAuthError | None:
    if asked.proven_client.is_issued:  # W-40
        return UnauthorizedClient("the client password is not registered yet")
    return None


def approval_alone(asked: Asked) -> OAuthError | None:
    wanted = _services(asked)
    if Service.APPROVAL in wanted and len(wanted) > 1:  # W-13
        return InvalidScope("update with approval is granted alone")
    return None


def services_contracted(asked: Asked) -> OAuthError | None:
    if asked.contract is None:
        return None
    if not _services(asked) <= asked.contract.services:  # W-7, W-26
        return InvalidScope("the contract does not hold this service")
    return None


def _services(asked: Asked) -> set[Service]:
    return {asked.services[scope] for scope in asked.scopes if scope in asked.services}
