"""Broken TLS (F-32): a listener of its own for each rule, beside the bank door."""

from collections.abc import Mapping

from sandbox.domain.effect_shape import EffectKind, one_of

# Whoever sends anything over these has not looked at whom it is speaking with (C-24).
UNACCEPTABLE = (
    "expired",
    "not_yet_valid",
    "self_signed",
    "wrong_host",
    "rotated",
    "old_version",
)
# A sound client comes through these, or learns what it lacks.
STRICT = ("old_version_off", "client_certificate_missing")
CASES = (*UNACCEPTABLE, *STRICT)
TLS_EFFECTS: Mapping[str, EffectKind] = {
    "tls": EffectKind(
        number="F-32",
        title="Broken TLS, at an address of its own",
        stages=("connection",),
        fields={"case": one_of(CASES, "What is wrong")},
        required=("case",),
    ),
}
