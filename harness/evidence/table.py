"""Tables that a submission's scripts wrote, read by the harness itself: CSV, NumPy without pickle, Parquet.

Nothing of a table is ever executed, and what it claims of its size is held against its bytes first.
"""

from __future__ import annotations

import importlib.util
import io
import math
import re
import struct
import tokenize
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.errors import MalformedEvidence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_BYTES = 2 * 1024**3
MAX_UNPACKED = 64 * 1024**2
MAX_ARRAYS = 1000
MAX_COLUMNS = 20_000
KINDS = frozenset("biufUS")  # truth values, integers, fractions and texts: what a table of a lab holds
HEAD = 65_536
DECIMAL_COMMA = re.compile(rb"(?:^|[;\t|\"])-?\d+,\d+(?:[eE][+-]?\d+)?(?=[;\t|\"\r\n])", re.MULTILINE)
SEPARATORS = (",", ";", "\t", "|")
# What pandas, NumPy's header parser and zipfile raise on bytes that are not what they should be.
_BROKEN = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows under named columns, as read from `path`."""

    path: str
    frame: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.frame.columns)

    @property
    def row_count(self) -> int:
        """The number of rows, the header left out."""
        return len(self.frame)


def read_table(path: str, data: bytes) -> Table:
    """The table in some bytes, in the format that the path's ending names, CSV when it names none.

    A CSV file whose first line holds numbers alone has no header; its columns are named by their place.
    Raises MalformedEvidence where it cannot be read as that, or is larger than 2 GiB or 20,000 columns.
    """
    if len(data) > MAX_BYTES:
        raise MalformedEvidence(path, "larger than 2 GiB")
    readers: Mapping[str, Callable[[bytes], pd.DataFrame]] = {
        ".npy": lambda one: _named(_array(one), "x"),
        ".npz": _archive,
        ".parquet": _parquet,
    }
    try:
        frame = readers.get(PurePosixPath(path).suffix.lower(), _csv)(data)
    except _BROKEN as error:
        raise MalformedEvidence(path, f"no table that can be read: {str(error)[:200]}") from error
    if frame.shape[1] > MAX_COLUMNS:
        raise MalformedEvidence(path, f"has {frame.shape[1]} columns, more than {MAX_COLUMNS}")
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise MalformedEvidence(path, f"two columns have the name {str(twice)[:200]!r}")
    return Table(path, frame)


def written_like(path: str, data: bytes, frame: pd.DataFrame) -> bytes:
    """A table's frame with other values, in the form of the CSV or NumPy file `data` that it was read from.

    Raises ValueError for a frame of another shape.
    """
    if path.lower().endswith(".npy"):
        array, stream = _array(data), io.BytesIO()
        values = np.ascontiguousarray(frame.to_numpy(dtype=array.dtype)).reshape(array.shape)
        np.save(stream, values, allow_pickle=False)
        return stream.getvalue()
    separator, header = _dialect(data)
    names = ["" if name.startswith("Unnamed: ") else name for name in frame.columns]
    named = names if header is not None else False
    decimal = _decimal(data, separator)
    return frame.to_csv(
        sep=separator, decimal=decimal, header=named, index=False, lineterminator="\n"
    ).encode()


def _dialect(data: bytes) -> tuple[str, int | None]:
    """The separator of a CSV file, and the line that names its columns; None where none does."""
    head = data[:HEAD].partition(b"\n")[0].decode("utf-8-sig", "replace")
    separator = max(SEPARATORS, key=head.count)
    if head.count(separator) > MAX_COLUMNS:
        raise ValueError(f"the first line names more than {MAX_COLUMNS} columns")
    if not head.strip() or "\0" in head:
        raise ValueError("the first line names no columns")
    return separator, None if all(map(_is_number, head.split(separator))) else 0


def _decimal(data: bytes, separator: str) -> str:
    """The sign before a number's decimals: a comma in a file of German numbers, say."""
    return "," if separator != "," and DECIMAL_COMMA.search(data[:HEAD]) else "."


def _csv(data: bytes) -> pd.DataFrame:
    separator, header = _dialect(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.read_csv(
            io.BytesIO(data),
            sep=separator,
            header=header,
            decimal=_decimal(data, separator),
            encoding="utf-8-sig",
            float_precision="round_trip",
            low_memory=False,
        )


def _is_number(text: str) -> bool:
    try:
        float(text.strip().strip('"'))
    except ValueError:
        return False
    return True


def _parquet(data: bytes) -> pd.DataFrame:
    if importlib.util.find_spec("pyarrow") is None:
        raise ValueError("Parquet needs pyarrow, which is not installed here; CSV needs nothing")
    return pd.read_parquet(io.BytesIO(data), engine="pyarrow")


def _archive(data: bytes) -> pd.DataFrame:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MAX_UNPACKED or len(members) > MAX_ARRAYS:
            raise ValueError(f"unpacks to more than 64 MiB, or to more than {MAX_ARRAYS} arrays")
        frames = [
            _named(_array(archive.read(member)), PurePosixPath(member.filename).stem) for member in members
        ]
    if not frames or len({len(frame) for frame in frames}) != 1:
        raise ValueError("the arrays have other numbers of rows")
    return pd.concat(frames, axis=1)


def _array(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """An array whose header promises no more than the bytes hold; pickled objects are refused."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)
    if dtype.kind not in KINDS or not dtype.itemsize:
        raise ValueError(f"an array of {dtype} is no table of numbers and texts")
    values = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or values > len(data) or max(shape, default=0) > len(data) + MAX_COLUMNS:
        raise ValueError("the header promises more values than there are")
    stream.seek(0)
    array: np.ndarray[tuple[int, ...], np.dtype[np.generic]] = np.load(stream, allow_pickle=False)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _named(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], name: str) -> pd.DataFrame:
    """An array's columns, named by their place; one column by the name alone."""
    if array.ndim == 1:
        return pd.DataFrame({name: array})
    if array.ndim != 2:  # noqa: PLR2004 - a table
        raise ValueError(f"an array of {array.ndim} dimensions is no table")
    return pd.DataFrame(array, columns=pd.Index([f"{name}{place}" for place in range(array.shape[1])]))
