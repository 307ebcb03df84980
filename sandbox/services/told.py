"""Secrets that testers have set over the control door, by the hash that a world's file keeps."""

MOST = 10_000


class Told:
    """In memory alone, and of all worlds of the process. The oldest is forgotten first."""

    def __init__(self) -> None:
        self._secrets: dict[bytes, str] = {}

    def keep(self, hashed: bytes, secret: str) -> None:
        self._secrets.pop(hashed, None)
        self._secrets[hashed] = secret
        while len(self._secrets) > MOST:
            del self._secrets[next(iter(self._secrets))]

    def find(self, hashed: bytes) -> str | None:
        return self._secrets.get(hashed)
