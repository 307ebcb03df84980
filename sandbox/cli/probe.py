"""Asking a server whether it is well, with nothing but the standard library: quick to start."""

import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from sandbox.clock import monotonic_s

TIMEOUT_S = 2.0
PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Health:
    is_ready: bool
    detail: str


def probe(url: str) -> Health:
    """Return what ``{url}/readyz`` says. Never raises for what a network can do."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url.rstrip('/')}/readyz", timeout=TIMEOUT_S) as answer:
            return Health(True, str(json.load(answer)["status"]))
    except urllib.error.HTTPError as error:
        return Health(False, f"answers {error.code}")
    except (OSError, http.client.HTTPException) as error:
        return Health(False, f"does not answer: {getattr(error, 'reason', error)}")
    except (ValueError, KeyError, TypeError) as error:
        return Health(False, f"is no bank-sandbox: {error}")


def wait_until_ready(url: str, timeout_s: float) -> Health:
    """Ask again until the server is ready or the time is over; return the last answer."""
    deadline = monotonic_s() + timeout_s
    while True:
        health = probe(url)
        if health.is_ready or monotonic_s() >= deadline:
            return health
        time.sleep(PAUSE_S)
