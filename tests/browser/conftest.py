"""A browser for the whole run; for every test a fresh profile in it, a bank and a provider.

One event loop for all of it: a browser cannot be driven from two.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.support import FLAGS, Person, Provider, find_chromium, provider_site
from tests.support import Running, run_sandbox

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site() -> AsyncIterator[Provider]:
    async with provider_site() as provider:
        yield provider


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(site: Provider) -> AsyncIterator[Browser]:
    # The registered redirect URI names port 8000, which may be taken: Chromium goes elsewhere.
    # A name of an attacker's own leads to this machine: DNS rebinding.
    to_site = f"MAP localhost:8000 127.0.0.1:{site.port}"
    elsewhere = f"--host-resolver-rules={to_site}, MAP rebound.example 127.0.0.1"
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=await find_chromium(), args=[*FLAGS, elsewhere]
        )
        yield started
        await started.close()


@pytest.fixture
def provider(site: Provider) -> Provider:
    site.calls.clear()
    site.pages.clear()
    return site


@pytest_asyncio.fixture(loop_scope="session")
async def running(tmp_path: Path, template: Path) -> AsyncIterator[Running]:
    """As everywhere, on the loop of the browser."""
    async with run_sandbox(tmp_path, template=template) as found:
        yield found


@pytest.fixture
def context_options() -> dict[str, object]:
    """How the person's browser differs from the usual one; tests parametrize it."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def person(
    browser: Browser, running: Running, provider: Provider, context_options: dict[str, object]
) -> AsyncIterator[Person]:
    """Somebody who reads Japanese, at a desktop."""
    usual = {"locale": "ja-JP", "viewport": {"width": 1280, "height": 800}}
    context = await browser.new_context(**usual | context_options)
    context.set_default_timeout(10_000)
    somebody = Person(await context.new_page(), running, provider)
    somebody.watch()
    yield somebody
    await context.close()
