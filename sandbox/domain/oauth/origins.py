"""The web origins (RFC 6454) that a client calls from."""

from urllib.parse import urlsplit

from sandbox.domain.client import Client

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origins_of(client: Client) -> frozenset[str]:
    """Return the origins of a public client's pages: those registered, and its redirect URIs'."""
    if not client.is_public:
        return frozenset()
    found = (origin_of(uri) for uri in client.redirect_uris)
    return frozenset(origin for origin in (*client.options.origins, *found) if origin is not None)


def origin_of(uri: str) -> str | None:
    """Return the origin of a web address as browsers write it, or None for any other URI."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    shown = f"[{host}]" if ":" in host else host
    is_default = port in (None, _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{shown}" if is_default else f"{parts.scheme}://{shown}:{port}"
