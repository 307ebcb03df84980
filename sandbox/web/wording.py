"""What the pages say, in Japanese and in English, and which of the two a person reads."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias, cast

import orjson
from aiohttp import web

from sandbox.domain.time import JST

Language: TypeAlias = Literal["ja", "en"]

LANGUAGES: tuple[Language, ...] = ("ja", "en")
DEFAULT_LANGUAGE: Language = "ja"
LANGUAGE_PARAMETER = "lang"
# Beginnings of the files of texts; no key is in two of them.
TEXT_PARTS = ("", "conduct.", "control.", "desk.", "notices.")

_YEAR_S = 365 * 24 * 3600
_ACCEPTED = re.compile(
    r"(?:^|,)\s*(ja|en)(?:-[a-z0-9-]{1,32})?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?(?=,|$)",
    re.IGNORECASE,
)


class Wording:
    """The texts of one language, called with a key: ``t("sign_in.title")``."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = texts

    def __call__(self, key: str, /, **params: object) -> str:
        """Return the text ``key`` with ``params`` put in; not escaped.

        Raises KeyError for an unknown key and for a parameter that the text needs and misses.
        """
        spoken = {name: self.spoken(value) for name, value in params.items()}
        return self.texts[key].format(**spoken)

    def spoken(self, value: object) -> str:
        """Return ``value`` as a person says it: dates, and aware moments in Japan's time."""
        if isinstance(value, datetime):
            moment = value.astimezone(JST)
            return self("format.moment", day=moment.date(), time=f"{moment:%H:%M}")
        if isinstance(value, date):
            month = self(f"format.month.{value.month}")
            return self("format.day", year=value.year, month=month, day=value.day)
        return str(value)


@cache
def wording(language: Language) -> Wording:
    texts: dict[str, str] = {}
    for part in TEXT_PARTS:
        file = files("sandbox.web") / "texts" / f"{part}{language}.json"
        texts |= orjson.loads(file.read_bytes())
    return Wording(language, texts)


def other_language(language: Language) -> Language:
    return "en" if language == "ja" else "ja"


def language_of(request: web.Request) -> Language:
    """Return the language to answer in: query, then cookie, then browser, then Japanese."""
    chosen = request.query.get(LANGUAGE_PARAMETER), request.cookies.get(LANGUAGE_PARAMETER)
    for language in chosen:
        if language in LANGUAGES:
            return language
    return _accepted(request.headers.get("Accept-Language", ""))


def keep_language(request: web.Request, response: web.StreamResponse) -> None:
    """Remember a language that the query chose, for the pages that follow a redirect."""
    language = request.query.get(LANGUAGE_PARAMETER)
    if language not in LANGUAGES:
        return
    response.set_cookie(
        LANGUAGE_PARAMETER,
        language,
        max_age=_YEAR_S,
        secure=request.secure,
        httponly=True,
        samesite="Lax",
    )


def _accepted(header: str) -> Language:
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for name, quality in _ACCEPTED.findall(header[:256]):
        if float(quality or 1) > best_quality:
            best, best_quality = cast(Language, name.lower()), float(quality or 1)
    return best
