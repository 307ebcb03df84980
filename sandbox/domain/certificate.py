"""A client's certificate (RFC 8705) as the rules see it. Reading X.509 is not the domain's work."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.domain.time import SECOND, Instant

KINDS = ("dns", "uri", "email", "ip")


class Validity(StrEnum):
    CURRENT = "current"
    NOT_YET = "not yet valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeNames:
    """Subject alternative names by kind; of other kinds than these there are none here."""

    dns: tuple[str, ...] = ()
    uri: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "AlternativeNames":
        """Read ``dns:app.example``, ``uri:…``, ``email:…``, ``ip:…``; raises ``ValueError``."""
        found: dict[str, tuple[str, ...]] = {}
        for text in texts:
            kind, _, name = text.partition(":")
            if kind not in KINDS or not name:
                raise ValueError(f"{text!r} is no alternative name: write dns:app.example")
            found[kind] = (*found.get(kind, ()), name)
        return cls(**found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate whose holder has shown, in the handshake, to have its private key.

    ``thumbprint``: base64url of the SHA-256 of ``der``, as in ``x5t#S256`` (RFC 8705 §3.1).
    ``subject``: RFC 4514, most specific part first; empty where the certificate names none.
    """

    der: bytes
    thumbprint: str
    subject: str
    subject_alternative_names: AlternativeNames
    is_self_signed: bool
    not_before: Instant
    not_after: Instant

    def validity(self, now: Instant) -> Validity:
        """Return how the certificate stands at ``now``, a world's time.

        The handshake does not ask: it knows the machine's time alone. Both ends are within, by
        whole seconds (RFC 5280 §4.1.2.5).
        """
        if now < self.not_before:
            return Validity.NOT_YET
        return Validity.EXPIRED if now >= self.not_after + SECOND else Validity.CURRENT
