"""Clients that prove themselves by their certificate (RFC 8705 §2), under a CA or by themselves.

Import it late: it brings cryptography and JOSE with it.
"""

import base64
import ipaddress
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Name

from sandbox.domain.certificate import ClientCertificate, Validity
from sandbox.domain.client import Client, ClientOptions
from sandbox.services.certificates import parse
from sandbox.services.oauth.jose import JoseRefused, public_der
from sandbox.services.world import World

# Many tools write "CN=app, O=Company", which RFC 4514 does not.
_SPACED_COMMA = re.compile(r"(?<!\\), +")


def is_of(client: Client, certificate: ClientCertificate, world: World) -> bool:
    """Tell whether ``certificate`` proves ``client``, by the client's method and at this time."""
    if certificate.validity(world.now()) != Validity.CURRENT:
        return False
    if client.auth_method == "self_signed_tls_client_auth":
        keys = json.loads(client.options.jwks or "{}").get("keys", ())
        return any(_is_key_of(jwk, certificate) for jwk in keys)
    return is_named(client.options, certificate) and world.client_trust.vouches(certificate)


def is_named(options: ClientOptions, certificate: ClientCertificate) -> bool:
    """Tell whether ``certificate`` bears the name that was registered.

    RFC 8705 §2.1.2 allows one; where there are more, none of them is the client's.
    """
    names = certificate.subject_alternative_names
    registered = {
        "subject": options.tls_subject_dn,
        "dns": options.tls_san_dns.lower(),
        "uri": options.tls_san_uri,
        "ip": _address(options.tls_san_ip),
        "email": options.tls_san_email,
    }
    borne = {
        "dns": tuple(name.lower() for name in names.dns),
        "uri": names.uri,
        "ip": tuple(_address(name) for name in names.ip),
        "email": names.email,
    }
    wanted = [(kind, name) for kind, name in registered.items() if name]
    if len(wanted) != 1:
        return False
    kind, name = wanted[0]
    return _is_subject(name, certificate) if kind == "subject" else name in borne[kind]


def _is_subject(registered: str, certificate: ClientCertificate) -> bool:
    try:
        name = Name.from_rfc4514_string(_SPACED_COMMA.sub(",", registered))
    except ValueError:
        return False
    return name == parse(certificate.der).subject


def _address(text: str) -> str:
    """Return an IP address in its one shortest spelling; what is none stays as it is."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def _is_key_of(jwk: Mapping[str, Any], certificate: ClientCertificate) -> bool:
    """Tell whether a registered key is this certificate, or the key in it where it has none."""
    chain = jwk.get("x5c")
    try:
        if chain:
            digest = sha256(base64.b64decode(chain[0])).digest()
            return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == certificate.thumbprint
        public = parse(certificate.der).public_key()
        shown = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return public_der(jwk) == shown
    except (JoseRefused, ValueError, TypeError):
        return False
