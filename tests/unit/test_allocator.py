"""The allocator of a server: one heap for all threads, and large blocks go back at once."""

import ctypes
import platform
import subprocess
import sys

import pytest

from sandbox.cli import allocator

IS_GLIBC = platform.libc_ver()[0] == "glibc"
THREADS = """
import ctypes, sys, threading
from sandbox.cli import allocator
settled = allocator.settle() if sys.argv[1] == "settled" else None
libc = ctypes.CDLL(None)
together = threading.Barrier(4)
def hold():
    together.wait()
    libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
if hasattr(libc, "malloc_stats"):
    libc.malloc_stats()
print(settled)
"""
LARGE = """
import ctypes, sys
from sandbox.cli import allocator
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096
if sys.argv[1] == "settled":
    allocator.settle()
bytearray(30 << 20)  # freed at once: it raises the size from which blocks are mapped
blocks, pins = [], []
for _ in range(20):
    blocks.append(bytearray(1 << 20))
    pins.append(bytearray(2000))
before = resident()
del blocks
print(before - resident())
"""


def run(program: str, how: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, how]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


def test_all_threads_of_a_server_share_one_heap():
    done = run(THREADS, "settled")
    assert done.stdout.split() == [str(IS_GLIBC)]
    assert done.stderr.count("Arena ") == int(IS_GLIBC)


def test_left_alone_each_thread_has_its_own():
    """Else the test above could not fail."""
    done = run(THREADS, "as it is")
    assert (done.stderr.count("Arena ") > 1) is IS_GLIBC


@pytest.mark.parametrize("how", ["settled", "as it is"])
def test_large_blocks_go_back_to_the_machine_at_once(how):
    given_back = int(run(LARGE, how).stdout)
    goes_back = how == "settled" or not IS_GLIBC
    assert (given_back > 15 << 20) is goes_back


def test_where_the_c_library_is_another_one_nothing_is_set(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert allocator.settle() is False


def test_elsewhere_than_on_linux_nothing_is_set(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert allocator.settle() is False
