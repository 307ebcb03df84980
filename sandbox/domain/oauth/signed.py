"""Reading what a signed JSON object claims: anything may stand anywhere, whoever signed it."""

from sandbox.domain.time import SECOND

_FARTHEST_S = 10**12  # some 31,000 years: what lies beyond is no moment, nor are inf and nan


def moment_of(claim: object) -> float | None:
    """Return a NumericDate (RFC 7519 §2) in milliseconds, or None where it is none."""
    if isinstance(claim, bool) or not isinstance(claim, (int, float)):
        return None
    return claim * SECOND if -_FARTHEST_S < claim < _FARTHEST_S else None


def is_name(claim: object) -> bool:
    """Tell whether ``claim`` is a text with something in it."""
    return isinstance(claim, str) and claim != ""
