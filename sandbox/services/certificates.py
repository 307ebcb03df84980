"""Certificates: the sandbox's own CA, what it issues, and reading those of clients (R-5).

Nothing of it is checked in; all is made when it is needed. Imports cryptography, so it is itself
imported only where TLS is on, or where somebody brings a certificate.
"""

import base64
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.domain.certificate import AlternativeNames, ClientCertificate
from sandbox.domain.time import DAY, Instant, instant_of, jst

CA_NAME = "Sandbox Bank Test CA"
PEM_MARK = b"-----BEGIN"


class CertificateRefused(ValueError):
    """No certificate can be made of what was asked for; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate and the private key that belongs to it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        return pem_of(self.certificate)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From when until when a certificate is valid."""

    begin: Instant
    end: Instant

    @classmethod
    def around(cls, clocks: tuple[Instant, ...], lifetime_ms: int) -> "Period":
        """Return a day before the earliest of ``clocks`` to ``lifetime_ms`` after the latest.

        The day is for those whose own clock is a little late.
        """
        return cls(begin=min(clocks) - DAY, end=max(clocks) + lifetime_ms)


# Making


def make_authority(period: Period) -> Pair:
    key = _new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CA_NAME)])
    builder = _builder(key, name, period).issuer_name(name)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(is_authority=True), critical=True)
    return Pair(key=key, certificate=builder.sign(key, hashes.SHA256()))


def make_server(authority: Pair | None, names: AlternativeNames, period: Period) -> Pair:
    """Return a certificate for the bank door, under each of ``names``; None: it signs itself."""
    key = _new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank-sandbox")])
    builder = _leaf(key, subject, names, period, ExtendedKeyUsageOID.SERVER_AUTH)
    if authority is None:
        certificate = builder.issuer_name(subject).sign(key, hashes.SHA256())
        return Pair(key=key, certificate=certificate)
    return Pair(key=key, certificate=_signed(builder, authority))


def make_client(
    authority: Pair | None, subject: str, names: AlternativeNames, period: Period
) -> Pair:
    """Return a client's certificate; ``authority`` None: it signs itself.

    Args:
        subject: RFC 4514, such as ``CN=my-app,O=My Company,C=JP``.

    Raises:
        CertificateRefused: a subject or a name that no certificate can hold.
    """
    key = _new_key()
    try:
        name = x509.Name.from_rfc4514_string(subject)
        builder = _leaf(key, name, names, period, ExtendedKeyUsageOID.CLIENT_AUTH)
        if authority is None:
            certificate = builder.issuer_name(name).sign(key, hashes.SHA256())
        else:
            certificate = _signed(builder, authority)
    except (ValueError, TypeError, OverflowError) as error:
        reason = str(error) or "a subject is written CN=my-app,O=My Company,C=JP"
        raise CertificateRefused(f"{subject!r}: {reason}") from error
    return Pair(key=key, certificate=certificate)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _builder(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, period: Period
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(jst(period.begin))
        .not_valid_after(jst(period.end))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    names: AlternativeNames,
    period: Period,
    purpose: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    builder = _builder(key, subject, period)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(_usage(is_authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    general = _general_names(names)
    if general:
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    return builder


def _signed(builder: x509.CertificateBuilder, authority: Pair) -> x509.Certificate:
    public = authority.key.public_key()
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
    issued = builder.issuer_name(authority.certificate.subject).add_extension(identifier, False)
    return issued.sign(authority.key, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _general_names(names: AlternativeNames) -> list[x509.GeneralName]:
    return [
        *map(x509.DNSName, names.dns),
        *map(x509.UniformResourceIdentifier, names.uri),
        *map(x509.RFC822Name, names.email),
        *(x509.IPAddress(ipaddress.ip_address(text)) for text in names.ip),
    ]


# Reading


def parse(certificate: bytes | str) -> x509.Certificate:
    """Return a certificate of DER or PEM, the first where it holds several.

    Raises ``ValueError``.
    """
    data = certificate.encode() if isinstance(certificate, str) else certificate
    is_pem = PEM_MARK in data
    try:
        load = x509.load_pem_x509_certificate if is_pem else x509.load_der_x509_certificate
        return load(data)
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from error


def parse_authorities(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return every certificate of a PEM file; raises ``ValueError`` where it holds none."""
    return tuple(x509.load_pem_x509_certificates(pem))


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def thumbprint_of(certificate: x509.Certificate) -> str:
    """Return the base64url SHA-256 of the DER, without padding (x5t#S256)."""
    digest = certificate.fingerprint(hashes.SHA256())
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Return whether ``authority`` is named as the issuer of ``certificate``, and has signed it."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def period_of(certificate: x509.Certificate) -> Period:
    return Period(
        begin=instant_of(certificate.not_valid_before_utc),
        end=instant_of(certificate.not_valid_after_utc),
    )


def alternative_names(certificate: x509.Certificate) -> AlternativeNames:
    """Return the names; raises ``ValueError`` where they cannot be read."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return AlternativeNames()
    return AlternativeNames(
        dns=tuple(found.get_values_for_type(x509.DNSName)),
        uri=tuple(found.get_values_for_type(x509.UniformResourceIdentifier)),
        email=tuple(found.get_values_for_type(x509.RFC822Name)),
        ip=tuple(map(str, found.get_values_for_type(x509.IPAddress))),
    )


def read_client(der: bytes) -> ClientCertificate:
    """Return what the rules need of a client's certificate.

    Raises ``ValueError``: OpenSSL lets some in that break X.509 too badly to be read.
    """
    try:
        parsed = parse(der)
        period = period_of(parsed)
        return ClientCertificate(
            der=der,
            thumbprint=thumbprint_of(parsed),
            subject=parsed.subject.rfc4514_string(),
            subject_alternative_names=alternative_names(parsed),
            is_self_signed=is_issued_by(parsed, parsed),
            not_before=period.begin,
            not_after=period.end,
        )
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from error


def server_names(hosts: Iterable[str]) -> AlternativeNames:
    """Return the names of the bank door: this machine's own, and ``hosts``.

    Raises:
        CertificateRefused: a host that is no name.
    """
    dns, ip = {"localhost": None}, {"127.0.0.1": None, "::1": None}
    for host in hosts:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            dns[_ascii_name(host)] = None
        else:
            if not address.is_unspecified:
                ip[str(address)] = None
    return AlternativeNames(dns=tuple(dns), ip=tuple(ip))


def _ascii_name(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError as error:
        raise CertificateRefused(f"no certificate can name the host {host!r}: {error}") from error
