"""The sandbox's CA and its server's certificate in a folder, so that a restart keeps them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.domain.certificate import AlternativeNames
from sandbox.domain.time import DAY, Instant
from sandbox.services.certificates import (
    Pair,
    Period,
    alternative_names,
    is_issued_by,
    make_authority,
    make_server,
    parse,
    period_of,
)
from sandbox.storage.private_file import write_private

log = logging.getLogger("sandbox")
FOLDER = "certificates"
CA, SERVER = "ca", "server"
# Apple's clients refuse a server's certificate of more than 825 days; 397 is the web's own limit.
SERVER_LIFETIME = 397 * DAY
CA_LIFETIME = 3650 * DAY
MARGIN = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCertificates:
    folder: Path
    authority: Pair
    server: Pair

    @property
    def server_files(self) -> tuple[Path, Path]:
        """Return the files of the server's certificate and of its key."""
        return certificate_file(self.folder, SERVER), key_file(self.folder, SERVER)


def open_certificates(
    folder: Path, names: AlternativeNames, clocks: tuple[Instant, ...]
) -> KeptCertificates:
    """Return what ``folder`` keeps; what is missing, damaged or near its end is made anew.

    ``clocks``: the default world's and the machine's time. A certificate has to hold by both: the
    world may stand years away, and clients look at their own clock, which is the machine's unless
    a test has moved that too.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def holds(pair: Pair, remaining_ms: int) -> bool:
        period = period_of(pair.certificate)
        return all(period.begin <= now and now + remaining_ms <= period.end for now in clocks)

    authority = _kept(
        folder,
        CA,
        # A server's certificate must not outlive the CA that signed it.
        is_good=lambda pair: holds(pair, SERVER_LIFETIME),
        make=lambda: make_authority(Period.around(clocks, CA_LIFETIME)),
    )
    server = _kept(
        folder,
        SERVER,
        is_good=lambda pair: (
            holds(pair, MARGIN)
            and is_issued_by(pair.certificate, authority.certificate)
            and alternative_names(pair.certificate) == names
        ),
        make=lambda: make_server(authority, names, Period.around(clocks, SERVER_LIFETIME)),
    )
    return KeptCertificates(folder=folder, authority=authority, server=server)


def _kept(
    folder: Path, name: str, *, is_good: Callable[[Pair], bool], make: Callable[[], Pair]
) -> Pair:
    found = _read(folder, name)
    if found is not None and is_good(found):
        return found
    made = make()
    write_private(key_file(folder, name), made.key_pem)
    certificate_file(folder, name).write_text(made.certificate_pem, encoding="ascii")
    return made


def certificate_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.pem"


def key_file(folder: Path, name: str) -> Path:
    return folder / f"{name}-key.pem"


def _read(folder: Path, name: str) -> Pair | None:
    """Return a kept pair, or None where there is none, or none that is of any use."""
    try:
        certificate = parse(certificate_file(folder, name).read_bytes())
        key = serialization.load_pem_private_key(key_file(folder, name).read_bytes(), None)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:  # TypeError: the key asks for a password
        log.warning("the certificate %s in %s is made anew: %s", name, folder, error)
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    # A start that was cut off between the two files leaves the key of another certificate.
    is_pair = key.public_key() == certificate.public_key()
    return Pair(key=key, certificate=certificate) if is_pair else None
