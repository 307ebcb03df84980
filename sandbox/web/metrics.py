"""``/metrics`` of the control door, in the text format of Prometheus."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.services.worlds import Worlds

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PREFIX = "bank_sandbox"
Key = tuple[str, str, int]


class CallCounter:
    """Counts the calls of the bank door since the process began: two additions a call.

    The labels are a bank, an operation of its table and a status: bounded, whoever calls.
    """

    __slots__ = ("calls", "seconds")

    def __init__(self) -> None:
        self.calls: dict[Key, int] = {}
        self.seconds: dict[Key, float] = {}

    def count(self, bank: str, operation: str, status: int, seconds: float) -> None:
        key = (bank, operation, status)
        self.calls[key] = self.calls.get(key, 0) + 1
        self.seconds[key] = self.seconds.get(key, 0.0) + seconds


class SandboxCollector:
    """What a scrape reads, at the moment of the scrape."""

    def __init__(self, worlds: Worlds, counter: CallCounter) -> None:
        self._worlds = worlds
        self._counter = counter

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily, SummaryMetricFamily

        yield GaugeMetricFamily(
            f"{PREFIX}_worlds", "Worlds that exist", value=len(self._worlds.names())
        )
        yield GaugeMetricFamily(
            f"{PREFIX}_worlds_open", "Worlds held open", value=len(self._worlds.running)
        )
        calls = SummaryMetricFamily(
            f"{PREFIX}_call_seconds",
            "Calls of the bank door and the time until their answer was made",
            labels=["bank", "operation", "status"],
        )
        for (bank, operation, status), count in sorted(self._counter.calls.items()):
            seconds = self._counter.seconds[bank, operation, status]
            calls.add_metric([bank, operation, str(status)], count, seconds)
        yield calls


def metrics_route(worlds: Worlds, counter: CallCounter) -> web.RouteDef:
    collector = SandboxCollector(worlds, counter)

    async def show_metrics(_request: web.Request) -> web.Response:
        # Here, not above: most servers are never scraped.
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.exposition import CONTENT_TYPE_LATEST

        registry = CollectorRegistry()
        registry.register(collector)
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    return web.get("/metrics", show_metrics)
