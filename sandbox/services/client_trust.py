"""Which client certificates the TLS door lets in, and which of them a CA of ours has issued."""

import ssl
from typing import TYPE_CHECKING

from sandbox.domain.certificate import ClientCertificate

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class ClientTrust:
    """Grows while the server runs. Where TLS is off it only remembers.

    To be let in says little: a handshake also passes whose certificate was signed by another one
    trusted here. Self-signed clients are told apart by thumbprint; for the others ask ``vouches``.
    """

    def __init__(self) -> None:
        self._trusted: dict[str, str] = {}  # PEM by thumbprint
        self._authorities: tuple[Certificate, ...] = ()
        self._context: ssl.SSLContext | None = None

    def serve(self, context: ssl.SSLContext, authorities: "tuple[Certificate, ...]") -> None:
        """Let handshakes of ``context`` know all that is trusted, from now on."""
        self._context, self._authorities = context, authorities
        for pem in self._trusted.values():
            context.load_verify_locations(cadata=pem)

    def trust(self, certificate: bytes | str) -> str:
        """Let a self-signed certificate (DER or PEM) in from the next handshake on.

        OpenSSL forgets none: who no longer knows a client has to turn away its thumbprint.
        Returns the thumbprint. Raises ``ValueError`` where it is no certificate.
        """
        from sandbox.services.certificates import parse, pem_of, thumbprint_of

        parsed = parse(certificate)
        thumbprint = thumbprint_of(parsed)
        if thumbprint not in self._trusted:
            self._trusted[thumbprint] = pem_of(parsed)
            if self._context is not None:
                self._context.load_verify_locations(cadata=self._trusted[thumbprint])
        return thumbprint

    def vouches(self, certificate: ClientCertificate) -> bool:
        """Return whether the sandbox's CA, or one of the file, has itself issued ``certificate``.

        CA mode needs this (RFC 8705 §2.1): without it, whoever registered a self-signed
        certificate could sign any subject with it and be let in.
        """
        from sandbox.services.certificates import is_issued_by, parse

        parsed = parse(certificate.der)
        return any(is_issued_by(parsed, authority) for authority in self._authorities)
