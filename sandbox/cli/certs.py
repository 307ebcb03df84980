"""``bank-sandbox certs``: what a client needs to speak TLS with the bank door."""

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.options import CONTROL, WORLD, AsJson, Control, WorldName, asking
from sandbox.cli.output import print_one, shown
from sandbox.storage.private_file import write_private

app = typer.Typer(
    help="Certificates of a server that runs with --tls: its CA, and ones for clients.",
    no_args_is_help=True,
)


@app.command("ca")
def show_ca(control: Control = CONTROL, as_json: AsJson = False) -> None:
    """Print the CA that has issued the server's certificate, as PEM."""
    with asking(control) as sandbox:
        pem = sandbox.certificates.ca()
        print_one({"ca": pem}, pem.rstrip(), as_json=as_json)


@app.command("client")
def issue_client(
    subject: Annotated[str, typer.Option(help="RFC 4514: CN=my-app,O=My Company,C=JP")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go")],
    self_signed: Annotated[
        bool, typer.Option("--self-signed", help="Signed by its own key, not by the CA")
    ] = False,
    san: Annotated[
        list[str] | None,
        typer.Option(help="dns:app.example, uri:…, email:… or ip:…; once for each"),
    ] = None,
    lifetime: Annotated[
        str | None, typer.Option(help="From the world's time on [default: 397d]")
    ] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Issue a client's certificate and write cert.pem, key.pem and ca.pem."""
    with asking(control) as sandbox:
        issued = sandbox.certificates.issue(
            subject,
            alternative_names=san or (),
            self_signed=self_signed,
            lifetime=lifetime,
            world=world,
        )
        out.mkdir(parents=True, exist_ok=True)
        certificate, key, ca = (out / f"{name}.pem" for name in ("cert", "key", "ca"))
        certificate.write_text(issued.certificate, encoding="ascii")
        write_private(key, issued.private_key)
        ca.write_text(issued.ca, encoding="ascii")
        answer = {"certificate": str(certificate), "private_key": str(key), "ca": str(ca)}
        answer |= {"subject": issued.subject, "thumbprint": issued.thumbprint}
        text = (
            f"{certificate}, {key}, {ca}\n"
            f"{issued.subject}, until {shown(issued.not_after)}, thumbprint {issued.thumbprint}"
        )
        print_one(answer, text, as_json=as_json)
