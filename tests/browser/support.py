"""The small language of the browser tests: a provider's web server, and a person at a browser."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import web
from playwright.async_api import Browser, Locator, Page, Response, expect

from sandbox.resources import data_root
from tests.lives import persona_named
from tests.support import AGGREGATOR, NATIVE, REDIRECT_URI, Running, answer_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
