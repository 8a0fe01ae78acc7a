"""A template's memory in large pages."""

from __future__ import annotations

import mmap
import sys

import pytest

from harness.workspace.warm.memory import LARGE, own_memory, use_large_pages

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's large pages")


def test_own_memory_is_whole_large_pages() -> None:
    """Only whole large pages of this process's own memory are named."""
    found = list(own_memory())
    assert found
    assert all(start % LARGE == 0 and size % LARGE == 0 and size > 0 for start, size in found)


def test_own_memory_holds_what_was_just_made() -> None:
    """An anonymous stretch of memory is found, with all of its large pages."""
    before = sum(size for _, size in own_memory())
    stretch = mmap.mmap(-1, 16 * LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    assert sum(size for _, size in own_memory()) >= before + 15 * LARGE
    stretch.close()


def test_gathering_keeps_the_content() -> None:
    """What lies in memory is the same after it was gathered; no more is gathered than there is."""
    kept = bytearray(range(256)) * (3 * LARGE // 256)
    gathered = use_large_pages()
    assert gathered <= sum(size for _, size in own_memory())
    assert kept == bytearray(range(256)) * (3 * LARGE // 256)
