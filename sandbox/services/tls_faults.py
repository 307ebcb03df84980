"""TLS as nobody should accept it (F-32), made when it is asked for, dated by the clocks (R-5)."""

import ssl
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.domain.certificate import AlternativeNames
from sandbox.domain.time import DAY, Instant
from sandbox.services.certificate_files import SERVER_LIFETIME
from sandbox.services.certificates import (
    Pair,
    Period,
    alternative_names,
    make_authority,
    make_server,
)
from sandbox.services.tls import NO_CHECK_TIME, DoorConnection, Tls
from sandbox.storage.private_file import write_private

ELSEWHERE = AlternativeNames.parse(["dns:another-bank.invalid"])
LONG_AGO = 90 * DAY
# OpenSSL speaks TLS 1.1 to nobody unless it is told to lower its guard.
OLD_CIPHERS = "ALL:@SECLEVEL=0"


def context_of(case: str, tls: Tls, clocks: tuple[Instant, ...]) -> ssl.SSLContext:
    """Return what a listener of ``case`` speaks.

    ``clocks``: the world's and the machine's time. A certificate that is too old or too young is
    so by both.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = DoorConnection
    context.set_alpn_protocols(["http/1.1"])
    match case:
        case "old_version":
            _speak_old(context)
        case "old_version_off":
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        case "client_certificate_missing":
            context.verify_mode = ssl.CERT_REQUIRED
            context.verify_flags |= NO_CHECK_TIME
            context.load_verify_locations(cadata=tls.ca_pem)
    _load(context, _pair(case, tls, clocks))
    return context


def _speak_old(context: ssl.SSLContext) -> None:
    context.set_ciphers(OLD_CIPHERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what it is for
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


def _pair(case: str, tls: Tls, clocks: tuple[Instant, ...]) -> Pair:
    authority, names = tls.kept.authority, alternative_names(tls.kept.server.certificate)
    period = Period.around(clocks, SERVER_LIFETIME)
    match case:
        case "expired":
            period = Period(begin=min(clocks) - LONG_AGO, end=min(clocks) - DAY)
        case "not_yet_valid":
            period = Period(begin=max(clocks) + DAY, end=max(clocks) + LONG_AGO)
        case "self_signed":
            return make_server(None, names, period)
        case "wrong_host":
            names = ELSEWHERE
        case "rotated":  # a CA of the same name, with a new key
            authority = make_authority(Period.around(clocks, SERVER_LIFETIME + DAY))
    return make_server(authority, names, period)


def _load(context: ssl.SSLContext, pair: Pair) -> None:
    with TemporaryDirectory(prefix="bank-sandbox-tls-") as folder:
        certificate, key = Path(folder) / "server.pem", Path(folder) / "server-key.pem"
        write_private(certificate, pair.certificate_pem)
        write_private(key, pair.key_pem)
        context.load_cert_chain(certificate, key)
