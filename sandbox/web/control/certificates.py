"""``/api/v1/certificates``: the CA of the TLS door, and certificates for clients that it issues."""

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.domain.certificate import AlternativeNames
from sandbox.domain.duration import parse_duration
from sandbox.domain.time import iso
from sandbox.services.world import DEFAULT_WORLD
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

if TYPE_CHECKING:
    from sandbox.services.certificates import Pair
    from sandbox.services.tls import Tls

PEM_TYPE = "application/pem-certificate-chain"  # RFC 8555 §9.1
LIFETIME = "397d"


def _tls(call: ControlCall) -> "Tls":
    if call.controls.tls is None:
        raise Problem(
            409, "tls-off", "the server runs without TLS: start it with --tls or SANDBOX_TLS=1"
        )
    return call.controls.tls


async def show_ca(call: ControlCall) -> web.Response:
    """Send the certificate of the sandbox's CA, which has issued that of the TLS door."""
    return web.Response(
        text=_tls(call).ca_pem, headers={"Content-Type": PEM_TYPE, "Cache-Control": "no-store"}
    )


async def issue_certificate(call: ControlCall) -> Json:
    """Issue a client's certificate, dated by a world's clock. The private key is kept nowhere."""
    tls, body = _tls(call), call.body
    from sandbox.services.certificates import CertificateRefused

    now = (await call.world(body.get("world", DEFAULT_WORLD))).now()
    try:
        pair = tls.issue(
            body["subject"],
            AlternativeNames.parse(body.get("alternative_names", ())),
            now=now,
            lifetime_ms=parse_duration(body.get("lifetime", LIFETIME)),
            is_self_signed=body.get("self_signed", False),
        )
    except (CertificateRefused, ValueError) as error:
        raise Problem(422, "certificate-refused", str(error)) from error
    return shown(pair, tls)


def shown(pair: "Pair", tls: "Tls") -> Json:
    from sandbox.services.certificates import period_of, thumbprint_of

    period = period_of(pair.certificate)
    return {
        "certificate": pair.certificate_pem,
        "private_key": pair.key_pem,
        "ca": tls.ca_pem,
        "thumbprint": thumbprint_of(pair.certificate),
        "subject": pair.certificate.subject.rfc4514_string(),
        "not_before": iso(period.begin),
        "not_after": iso(period.end),
    }
