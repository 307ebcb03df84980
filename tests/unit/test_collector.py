"""The server's garbage collector: off while it starts, later at a pace of its own."""

import gc
import subprocess
import sys

import pytest

from sandbox.cli import collector

REPORT = """
import gc, sandbox.cli.serve as serve
from sandbox.cli import collector
serve.announce = lambda *_: print(gc.isenabled(), gc.get_freeze_count())
serve.ready_file.line_of = lambda _: "a line"
serve._announced(None, {"ready_file": None})
print(gc.isenabled(), gc.get_freeze_count() > 10_000, gc.get_threshold() == collector.THRESHOLDS)
"""


@pytest.fixture
def as_it_was():
    thresholds, is_on = gc.get_threshold(), gc.isenabled()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    (gc.enable if is_on else gc.disable)()


def test_it_rests_until_it_is_told_to_go_on(as_it_was):
    collector.rest()
    assert not gc.isenabled()
    collector.resume()
    assert gc.isenabled()
    assert gc.get_threshold() == collector.THRESHOLDS
    assert gc.get_freeze_count() > 0


def test_what_becomes_garbage_later_is_still_found(as_it_was):
    collector.resume()

    class Node:
        found = 0

        def __del__(self):
            Node.found += 1

    def cycle():
        one, other = Node(), Node()
        one.other, other.other = other, one

    cycle()
    gc.collect()
    assert Node.found == 2


def test_a_server_that_is_ready_collects_again():
    said = subprocess.run(
        [sys.executable, "-c", REPORT], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert said == ["True 0", "True True True"]
