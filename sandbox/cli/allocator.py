"""How the C library keeps memory that a server has freed: little of it, in one place.

glibc gives each thread a heap of its own and raises, with every large block that is freed, the size
from which blocks are mapped by themselves. A server that now and then reads ten thousand entries of
a journal keeps a part of each such peak, wherever it fell: over an hour of load its memory crept up
by 7 %, and was a tenth larger from the start.
"""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8  # mallopt(3)
BLOCK_BYTES = 128 * 1024  # glibc's own values, which do not move once they are set
SETTINGS = ((ARENA_MAX, 1), (MMAP_THRESHOLD, BLOCK_BYTES), (TRIM_THRESHOLD, BLOCK_BYTES))


def settle() -> bool:
    """Set glibc's allocator, before there are threads; false where there is another one."""
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    taken = [mallopt(name, value) for name, value in SETTINGS]
    return all(taken)
