"""TLS at the bank door: what it speaks, whom it lets in, and what its CA issues."""

import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.x509 import Certificate

from sandbox.domain.certificate import AlternativeNames
from sandbox.domain.time import DAY, Instant
from sandbox.services.certificate_files import FOLDER, KeptCertificates, open_certificates
from sandbox.services.certificates import (
    Pair,
    Period,
    make_client,
    parse_authorities,
    pem_of,
    server_names,
)
from sandbox.services.client_trust import ClientTrust

log = logging.getLogger("sandbox")
NO_CHECK_TIME = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME, which Python does not name
# Errors of a handshake that OpenSSL has put an alert out for; of the others it says nothing.
ALERTED = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "NO_SHARED_CIPHER",
        "PEER_DID_NOT_RETURN_A_CERTIFICATE",
        "UNSUPPORTED_PROTOCOL",
        "VERSION_TOO_LOW",
    }
)
CIPHERS = "ECDHE+AESGCM"  # of TLS 1.2, as RFC 9325 §4.2 recommends; TLS 1.3 has its own


class DoorConnection(ssl.SSLObject):
    """One connection's TLS, which tells the client why it is turned away.

    asyncio drops a connection as soon as its handshake has failed, before the alert is out; the
    client would see an empty reply. Here the handshake wants more to read instead: the alert
    leaves, the client hangs up, and one that does not is ended by the handshake's time limit.
    """

    _is_refused = False

    def do_handshake(self) -> None:
        if self._is_refused:
            raise ssl.SSLWantReadError
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            if error.reason not in ALERTED:
                raise
            log.warning("a TLS handshake was refused: %s", error)
            self._is_refused = True
            raise ssl.SSLWantReadError from error

    def getpeercert(self, binary_form: bool = False) -> Any:
        """Return the certificate as bytes, or nothing: asyncio wants it read, and nobody else.

        Reading fails for some that OpenSSL has let in, and would end the connection.
        """
        return super().getpeercert(binary_form=True) if binary_form else {}


class ClientCaRefused(Exception):
    """The file of CAs is of no use; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    context: ssl.SSLContext
    kept: KeptCertificates
    trust: ClientTrust

    @property
    def ca_pem(self) -> str:
        return self.kept.authority.certificate_pem

    def issue(
        self,
        subject: str,
        names: AlternativeNames,
        *,
        now: Instant,
        lifetime_ms: int,
        is_self_signed: bool,
    ) -> Pair:
        """Return a client's certificate with its key, of which nothing is kept.

        A self-signed one is let in for as long as this server runs.

        Raises:
            CertificateRefused: a subject or a name that no certificate can hold.
        """
        authority = None if is_self_signed else self.kept.authority
        period = Period(begin=now - DAY, end=now + lifetime_ms)
        pair = make_client(authority, subject, names, period)
        if is_self_signed:
            self.trust.trust(pair.certificate_pem)
        return pair


def open_tls(
    directory: Path,
    hosts: Iterable[str],
    clocks: tuple[Instant, ...],
    trust: ClientTrust,
    client_ca: Path | None,
) -> Tls:
    """Return the door's TLS, its certificates kept below ``directory``.

    Args:
        hosts: by which the door is reached, besides this machine's own names.
        clocks: see ``open_certificates``.
        client_ca: PEM file of further CAs whose clients are let in.

    Raises:
        ClientCaRefused: the file cannot be read, or holds no certificate.
        CertificateRefused: a host that no certificate can name.
    """
    others = () if client_ca is None else _client_authorities(client_ca)
    kept = open_certificates(directory / FOLDER, server_names(hosts), clocks)
    context = _context(kept)
    authorities = (kept.authority.certificate, *others)
    for authority in authorities:
        context.load_verify_locations(cadata=pem_of(authority))
    trust.serve(context, authorities)
    return Tls(context=context, kept=kept, trust=trust)


def _client_authorities(file: Path) -> tuple[Certificate, ...]:
    try:
        return parse_authorities(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ClientCaRefused(f"{file} cannot be used as --tls-client-ca: {error}") from error


def _context(kept: KeptCertificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = DoorConnection
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    # So that a connection's certificate stays the one that its first call was read with.
    context.options |= ssl.OP_NO_RENEGOTIATION
    # Asked for and not required: a call may do without, and the bank says where it may not.
    context.verify_mode = ssl.CERT_OPTIONAL
    # OpenSSL knows the machine's time alone; the world's is asked where the certificate is read.
    # PARTIAL_CHAIN: what is trusted is an end of the chain, self-signed or not, whichever others
    # of the same subject are trusted beside it.
    context.verify_flags |= NO_CHECK_TIME | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_cert_chain(*kept.server_files)
    return context
