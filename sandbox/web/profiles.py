"""Every bank that the sandbox plays."""

from sandbox.web import tomato, web21
from sandbox.web.profile import Profile

PROFILES: tuple[Profile, ...] = (tomato.PROFILE, web21.PROFILE)
