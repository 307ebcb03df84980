"""What a service user registers for the issued client: its password and web servers (W-40)."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from sandbox.domain.client import LOOPBACK_HOSTS
from sandbox.domain.errors import BankError

PASSWORD_LENGTHS = range(8, 33)
MOST_WEB_SERVERS, URL_MAX = 3, 256
_ASCII = re.compile(r"[!-~]+")


class ClientDataRefused(BankError):
    """登録内容の誤り: the message says which field, and what would do."""


def check_password(password: str) -> None:
    """Raise ``ClientDataRefused`` unless it is 8 to 32 ASCII with a letter and a digit."""
    is_mixed = re.search("[A-Za-z]", password) and re.search("[0-9]", password)
    if len(password) not in PASSWORD_LENGTHS or not _ASCII.fullmatch(password) or not is_mixed:
        raise ClientDataRefused("password: 8 to 32 ASCII characters with a letter and a digit")


def check_web_servers(urls: Sequence[str]) -> None:
    """Raise ``ClientDataRefused`` unless there are one to three web servers over https (W-5)."""
    if not 0 < len(urls) <= MOST_WEB_SERVERS or len(set(urls)) < len(urls):
        raise ClientDataRefused(f"web servers: 1 to {MOST_WEB_SERVERS}, each once")
    for url in urls:
        if len(url) > URL_MAX or not _ASCII.fullmatch(url) or not _is_safe(url):
            raise ClientDataRefused("web servers: https, or http on a loopback host, no fragment")


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.fragment or not host:
        return False
    shown = f"[{host}]" if ":" in host else host
    return parts.scheme == "https" or (parts.scheme == "http" and shown in LOOPBACK_HOSTS)
