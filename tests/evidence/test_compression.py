"""What compressed files hold, unpacked within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from functools import partial

import pytest

from harness.evidence.compression import decompressed

TEXT = b"a model, or so they say " * 40
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib, fast": partial(zlib.compress, level=1),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": partial(lzma.compress, format=lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_was_compressed_comes_back(way: Callable[[bytes], bytes]) -> None:
    """In each way in which joblib and gzip.open write; up to the bound, and not a byte more."""
    packed = way(TEXT)
    assert packed != TEXT
    assert decompressed(packed) == TEXT
    assert decompressed(packed, len(TEXT)) == TEXT
    assert decompressed(packed, len(TEXT) - 1) is None


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_is_torn_holds_nothing(way: Callable[[bytes], bytes]) -> None:
    """Neither its beginning nor an exception comes of it."""
    assert decompressed(way(TEXT)[:-20]) is None


@pytest.mark.parametrize("data", [b"", b"x", b"xyz", b"x\x9d plain", b"PK\x03\x04", b"\x80\x04}.", TEXT])
def test_other_bytes_are_what_they_are(data: bytes) -> None:
    """Also those that begin like compressed ones."""
    assert decompressed(data) == data


def test_a_bomb_is_not_unpacked() -> None:
    """Neither what comes to more than the bound, nor what wants a dictionary of 4 GiB."""
    assert decompressed(gzip.compress(bytes(1 << 24)), 1 << 20) is None
    large = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(TEXT, format=lzma.FORMAT_ALONE))
    packed[1:5] = (0xFFFF0000).to_bytes(4, "little")  # the size of its dictionary
    assert decompressed(bytes(packed)) is None
    assert decompressed(lzma.compress(TEXT, filters=large)) == TEXT
