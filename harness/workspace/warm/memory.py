"""Keeping a template's memory in large pages: a fork has one entry to copy in place of 512."""
# Source: madvise(2), MADV_COLLAPSE; Linux 6.1 and newer do it whatever the machine's setting for huge pages.

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MADV_COLLAPSE = 25
LARGE = 1 << 21
HEAP = "[heap]"


def use_large_pages() -> int:
    """Have the kernel gather this process's own memory in large pages; returns the bytes that it gathered."""
    if sys.platform != "linux":
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(size for start, size in own_memory() if madvise(start, size, MADV_COLLAPSE) == 0)


def own_memory() -> Iterator[tuple[int, int]]:
    """Address and size, in whole large pages, of each private, writable stretch that belongs to no file."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:  # noqa: PTH123
        rows = [row.split() for row in maps]
    for addresses, rights, _, _, _, *name in rows:
        first, last = (int(address, 16) for address in addresses.split("-"))
        start, end = -(-first // LARGE) * LARGE, last // LARGE * LARGE
        if rights == "rw-p" and name in ([], [HEAP]) and end > start:
            yield start, end - start
