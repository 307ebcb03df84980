"""Every bank that the sandbox plays."""

from sandbox.web import tomato
from sandbox.web.profile import Profile

PROFILES: tuple[Profile, ...] = (tomato.PROFILE,)
