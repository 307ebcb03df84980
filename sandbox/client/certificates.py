"""The calls of the control API about certificates, which are the server's and not a world's."""

from collections.abc import Sequence

from sandbox.client.answers import Certificate
from sandbox.client.request import Request, encoded, one, path


def show_ca() -> Request[str]:
    """Return the CA that has issued the server's certificate, as PEM.

    Raises:
        ProblemError: ``tls-off``.
    """
    return Request(method="GET", path=path("certificates", "ca"), read=bytes.decode)


def issue_certificate(
    subject: str,
    *,
    alternative_names: Sequence[str] = (),
    self_signed: bool = False,
    lifetime: str | None = None,
    world: str | None = None,
) -> Request[Certificate]:
    """Issue a client's certificate. The server keeps nothing of its private key.

    Args:
        subject: RFC 4514, such as ``CN=my-app,O=My Company,C=JP``.
        alternative_names: such as ``dns:app.example``; ``uri:``, ``email:`` and ``ip:`` too.
        self_signed: signed by its own key, instead of the sandbox's CA.
        lifetime: from the world's time on, such as ``90d``. Default: 397 days.
        world: by whose clock it is dated. Default: ``default``.

    Raises:
        ProblemError: ``tls-off``, ``certificate-refused``, ``unknown-world``.
    """
    names = list(alternative_names) or None
    fields = {"alternative_names": names, "lifetime": lifetime, "world": world}
    body = encoded(subject=subject, self_signed=self_signed, **fields)
    return Request(method="POST", path=path("certificates"), read=one(Certificate), content=body)
