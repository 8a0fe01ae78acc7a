"""What a compressed file holds, unpacked in memory and within bounds: many save their models so."""

from __future__ import annotations

import bz2
import lzma
import zlib

MOST = 1 << 27
MOST_FOR_LZMA = 1 << 28  # of memory: a header may ask for gigabytes
AUTOMATIC = 47  # zlib's word for a header of zlib or gzip (https://docs.python.org/3/library/zlib.html)
GZIP, BZ2, XZ, LZMA = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x5d\0\0"
BROKEN = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)


def decompressed(data: bytes, most: int = MOST) -> bytes | None:
    """The bytes in a file of gzip, zlib, bz2, xz or LZMA; those of another file as they are.

    None where it is torn, or holds more than ``most`` bytes. The formats are told by their first bytes, as
    joblib tells them (joblib.numpy_pickle_utils, `_detect_compressor`).
    """
    try:
        return _decompressed(data, most)
    except BROKEN:
        return None


def _decompressed(data: bytes, most: int) -> bytes | None:
    if data.startswith(GZIP) or _is_zlib(data):
        plain = zlib.decompressobj(AUTOMATIC)
        return _whole(plain.decompress(data, most + 1), most, done=plain.eof)
    if not data.startswith((BZ2, XZ, LZMA)):
        return data
    other = bz2.BZ2Decompressor() if data.startswith(BZ2) else lzma.LZMADecompressor(memlimit=MOST_FOR_LZMA)
    return _whole(other.decompress(data, most + 1), most, done=other.eof)


def _whole(found: bytes, most: int, *, done: bool) -> bytes | None:
    return found if done and len(found) <= most else None


def _is_zlib(data: bytes) -> bool:
    """Whether bytes begin with deflate, a window of 32 KiB, and the check of both (RFC 1950, section 2.2)."""
    return data[:1] == b"\x78" and len(data) > 1 and int.from_bytes(data[:2], "big") % 31 == 0
