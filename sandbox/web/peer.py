"""The certificate that a client has shown in the TLS handshake of its connection (RFC 8705)."""

import logging
from ssl import SSLObject
from weakref import WeakKeyDictionary

from aiohttp import web

from sandbox.domain.certificate import ClientCertificate

log = logging.getLogger("sandbox.web")
# By connection: it is shown once, in the handshake, and read once.
_seen: WeakKeyDictionary[SSLObject, ClientCertificate | None] = WeakKeyDictionary()


def client_certificate(request: web.Request) -> ClientCertificate | None:
    """Return the certificate of the connection that ``request`` came by; None: none was shown.

    Whether it is valid at the world's time, and whose it is, is for the caller to ask.
    """
    connection: SSLObject | None = request.get_extra_info("ssl_object")
    if connection is None:
        return None
    if connection not in _seen:
        _seen[connection] = _read(connection)
    return _seen[connection]


def _read(connection: SSLObject) -> ClientCertificate | None:
    der = connection.getpeercert(binary_form=True)
    if der is None:
        return None
    from sandbox.services.certificates import read_client

    try:
        return read_client(der)
    except ValueError as error:
        log.warning("a client's certificate cannot be read, and counts as none: %s", error)
        return None
