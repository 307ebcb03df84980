"""The sandbox's certificates on disk: made at the start, kept, and made anew (R-5)."""

import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.domain.certificate import AlternativeNames
from sandbox.domain.time import DAY, SECOND
from sandbox.services.certificate_files import (
    CA_LIFETIME,
    MARGIN,
    SERVER_LIFETIME,
    open_certificates,
)
from sandbox.services.certificates import (
    Period,
    is_issued_by,
    make_authority,
    make_client,
    period_of,
    server_names,
)
from sandbox.storage.private_file import write_private

NAMES = server_names([])
NOW = 20_000 * DAY
FILES = {"ca.pem", "ca-key.pem", "server.pem", "server-key.pem"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "certificates"


def opened(folder, *clocks, names=NAMES):
    return open_certificates(folder, names, clocks or (NOW, NOW))


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_they_are_made_where_there_are_none_and_keys_are_their_owners_alone(folder):
    made = opened(folder)
    assert {path.name for path in folder.iterdir()} == FILES
    assert mode_of(folder) == 0o700
    for path in folder.glob("*-key.pem"):
        assert mode_of(path) == 0o600
    assert is_issued_by(made.server.certificate, made.authority.certificate)
    assert is_issued_by(made.authority.certificate, made.authority.certificate)


def test_each_run_makes_others(tmp_path):
    one, other = opened(tmp_path / "a"), opened(tmp_path / "b")
    assert one.authority.certificate != other.authority.certificate
    assert one.server.key_pem != other.server.key_pem


def test_an_open_key_file_is_closed_as_it_is_written_again(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), mode_of(path)) == ("new", 0o600)


def test_a_restart_keeps_them(folder):
    made, kept = opened(folder), opened(folder)
    assert kept.authority.certificate == made.authority.certificate
    assert kept.server.certificate == made.server.certificate
    assert kept.server.key_pem == made.server.key_pem


@pytest.mark.parametrize("clocks", [(NOW, NOW), (NOW, NOW + 9000 * DAY), (NOW + 9000 * DAY, NOW)])
def test_they_hold_by_the_worlds_clock_and_by_the_machines(folder, clocks):
    made = opened(folder, *clocks)
    for pair, lifetime in ((made.authority, CA_LIFETIME), (made.server, SERVER_LIFETIME)):
        period = period_of(pair.certificate)
        assert period.begin == min(clocks) - DAY
        assert period.end == max(clocks) + lifetime


KEPT = [
    ((NOW, NOW), True, True),
    ((NOW - DAY, NOW), True, True),
    ((NOW - DAY - SECOND, NOW), False, False),  # a world before they begin
    ((NOW, NOW + SERVER_LIFETIME - MARGIN), True, True),
    ((NOW, NOW + SERVER_LIFETIME - MARGIN + SECOND), True, False),
    ((NOW + SERVER_LIFETIME - MARGIN + SECOND, NOW), True, False),
    # The CA goes as soon as it could not outlive a new certificate of the server.
    ((NOW, NOW + CA_LIFETIME - SERVER_LIFETIME), True, False),
    ((NOW, NOW + CA_LIFETIME - SERVER_LIFETIME + SECOND), False, False),
]


@pytest.mark.parametrize(("clocks", "keeps_ca", "keeps_server"), KEPT)
def test_near_its_end_by_either_clock_each_is_made_anew(folder, clocks, keeps_ca, keeps_server):
    before, after = opened(folder), opened(folder, *clocks)
    assert (after.authority.certificate == before.authority.certificate) == keeps_ca
    assert (after.server.certificate == before.server.certificate) == keeps_server
    assert is_issued_by(after.server.certificate, after.authority.certificate)
    assert period_of(after.server.certificate).end <= period_of(after.authority.certificate).end


def test_other_names_make_the_servers_anew_and_keep_the_ca(folder):
    before, after = opened(folder), opened(folder, names=server_names(["bank.example"]))
    assert after.authority.certificate == before.authority.certificate
    assert after.server.certificate != before.server.certificate
    assert mode_of(folder / "server-key.pem") == 0o600


def rsa_key():
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return private_pem(key)


def private_pem(key, password=None):
    encryption = serialization.NoEncryption()
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


def ec_key(password=None):
    return private_pem(ec.generate_private_key(ec.SECP256R1()), password)


SPOILT = [
    ("server-key.pem", ec_key),  # as a start leaves it that was cut off between the two files
    ("server-key.pem", rsa_key),
    ("server-key.pem", lambda: ec_key(b"password")),
    ("server-key.pem", str),
    ("server.pem", lambda: "-----BEGIN CERTIFICATE-----\n"),
    ("server.pem", None),
    ("server-key.pem", None),
    ("ca-key.pem", ec_key),
    ("ca.pem", lambda: "nothing"),
]


@pytest.mark.parametrize(("name", "content"), SPOILT)
def test_what_is_damaged_is_made_anew(folder, name, content):
    before = opened(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content())
    after = opened(folder)
    assert (after.authority.certificate == before.authority.certificate) == (name[:2] != "ca")
    assert is_issued_by(after.server.certificate, after.authority.certificate)
    again = opened(folder)
    assert again.server.certificate == after.server.certificate


# What a certificate cannot hold

REFUSED = ["my-app", "CN=", "CN=" + "x" * 65, "C=JPN", "CN=a,", "CN=\\zz", "X=y", "\x00"]


@pytest.mark.parametrize("subject", REFUSED)
@pytest.mark.parametrize("is_self_signed", [True, False])
def test_a_subject_that_is_none_is_refused_by_name(subject, is_self_signed):
    period = period_of(make_authority_at(NOW).certificate)
    authority = None if is_self_signed else make_authority_at(NOW)
    with pytest.raises(ValueError, match=r"^'.*': ."):
        make_client(authority, subject, AlternativeNames(), period)


def make_authority_at(now):
    return make_authority(Period.around((now,), DAY))


@pytest.mark.parametrize(
    "names",
    [{"dns": ("銀行.example",)}, {"ip": ("1.2.3",)}, {"email": ("é@a.example",)}, {"uri": ("é",)}],
)
def test_a_name_that_is_none_is_refused(names):
    pair = make_authority_at(NOW)
    with pytest.raises(ValueError, match=r"CN=my-app"):
        make_client(pair, "CN=my-app", AlternativeNames(**names), period_of(pair.certificate))


def test_a_ca_signs_no_other_ca(folder):
    made = opened(folder)
    constraints = made.authority.certificate.extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (
        True,
        True,
        0,
    )
    leaf = made.server.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert not leaf.value.ca
