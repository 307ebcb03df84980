"""One warning where clients call the bank by another address than the one it calls itself.

The usual trap of containers: clients reach a mapped port or a service name, the issuer is what the
server listens on, and every client that compares the two refuses.
"""

import logging
from urllib.parse import urlsplit

log = logging.getLogger("sandbox.web")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
SHOWN_MAX = 100


class HostWatch:
    """Looks at the Host header of every call until it has warned once."""

    __slots__ = ("_fitting", "has_warned")

    def __init__(self) -> None:
        self.has_warned = False
        self._fitting: tuple[str, str] | None = None  # as the last call had them

    def is_content(self, host: str | None, base_url: str) -> bool:
        """Tell whether there is nothing to look at: a warning was given, or all is as before."""
        return self.has_warned or (host, base_url) == self._fitting

    def look(self, host: str | None, base_url: str) -> None:
        """Warn where ``host`` is not the one of ``base_url``, the first time."""
        if self.has_warned or host is None:
            return
        parts = urlsplit(base_url)
        default = _DEFAULT_PORTS[parts.scheme]
        if host.lower().removesuffix(default) == parts.netloc.lower().removesuffix(default):
            self._fitting = (host, base_url)
            return
        self.has_warned = True
        log.warning(
            "a client calls this server %a, but the issuer begins with %s, so clients that compare "
            "them will refuse it: set SANDBOX_BASE_URL to the address that they use",
            host[:SHOWN_MAX],
            base_url,
        )
