"""A client's certificate as the rules see it: its names, and its time by the world's clock."""

import pytest

from sandbox.domain.certificate import AlternativeNames, ClientCertificate, Validity
from sandbox.domain.time import DAY, SECOND

BEGIN, END = 100 * DAY, 200 * DAY


def certificate() -> ClientCertificate:
    return ClientCertificate(
        der=b"",
        thumbprint="",
        subject="CN=my-app",
        subject_alternative_names=AlternativeNames(),
        is_self_signed=False,
        not_before=BEGIN,
        not_after=END,
    )


@pytest.mark.requirement("O-18")
@pytest.mark.parametrize(
    ("now", "validity"),
    [
        (BEGIN - 1, Validity.NOT_YET),
        (BEGIN, Validity.CURRENT),
        (END, Validity.CURRENT),
        (END + SECOND - 1, Validity.CURRENT),  # the last second is within
        (END + SECOND, Validity.EXPIRED),
    ],
)
def test_both_ends_are_within(now, validity):
    assert certificate().validity(now) is validity


def test_alternative_names_are_read_by_kind():
    texts = ["dns:a.example", "uri:https://a.example/x", "dns:b.example", "ip:::1", "email:a@b"]
    assert AlternativeNames.parse(texts) == AlternativeNames(
        dns=("a.example", "b.example"),
        uri=("https://a.example/x",),
        email=("a@b",),
        ip=("::1",),
    )
    assert AlternativeNames.parse([]) == AlternativeNames()


@pytest.mark.parametrize("text", ["", "dns", "dns:", "DNS:a.example", "other:x", ":x", "a.example"])
def test_what_is_no_alternative_name_is_refused_by_name(text):
    with pytest.raises(ValueError, match=r"is no alternative name: write dns:app\.example"):
        AlternativeNames.parse(["dns:ok.example", text])
