"""The published test vectors of field encryption: docs/encryption.md shows these very lines."""

from typing import NamedTuple

KEY = bytes(range(32))


class Vector(NamedTuple):
    """``nonce`` in hexadecimal; ``sealed``: what goes over the wire."""

    field: str
    text: str
    nonce: str
    sealed: str


VECTORS = (
    Vector(
        "account_number",
        "1234567",
        "a0a1a2a3a4a5a6a7a8a9aaab",
        "oKGio6Slpqeoqaqr1ypPGXD9NdNbWLkXC0rCEg38lOT24Rs=",
    ),
    Vector(
        "beneficiary_name",
        "ｶｸｳ ﾀﾛｳ",
        "b0b1b2b3b4b5b6b7b8b9babb",
        "sLGys7S1tre4ubq7dujsRFF1VOL02HgcTbI2WWuB+oqLFHr1DR9YB1VJgDh5qIg=",
    ),
    Vector(
        "abstract",
        "",
        "000000000000000000000000",
        "AAAAAAAAAAAAAAAAdJH/FA9EDBjuW0SOrxJVVQ==",
    ),
)
