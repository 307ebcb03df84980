"""Where chance comes from. Two kinds, and nothing else may import ``random`` or ``secrets``.

``draw`` is the world's own chance: the same for the same seed, whoever asks and in whatever
order, because each entity draws from a generator of its own. ``secret`` is real chance.
"""

import hashlib
import random
import secrets

Draw = random.Random


def draw(seed: int, *path: object) -> Draw:
    """Return the generator of one entity's field: ``draw(seed, "account", 7, "number")``."""
    text = "\x1f".join(str(part) for part in (seed, *path))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big"))


def secret(byte_count: int) -> str:
    """Return ``byte_count`` random bytes in the URL-safe base 64 alphabet."""
    return secrets.token_urlsafe(byte_count)
