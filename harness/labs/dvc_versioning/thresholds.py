"""The numbers that an evaluation may set as a threshold to a model's chances."""

from __future__ import annotations

import io
import pickletools
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.compression import decompressed
from harness.evidence.params import declares, flatten, load_params, suffix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evidence.pipeline import Stage
    from harness.workspace.workspace import Workspace

NUMBER = re.compile(r"(?<![\w.])0?\.\d{1,6}(?![\w.])")
MOST_LIMITS = 10
SETTINGS = frozenset({".json", ".yaml", ".yml", ".toml"})
DOUBLE = struct.Struct("<d")
OF_NUMPY = frozenset(
    {"numpy._core.multiarray", "numpy.core.multiarray", "scalar", "numpy", "dtype", "f8", "<"}
)
# A short text in a pickle, with its place in the memo.
TEXT = re.compile(rb"\x8c[\x01-\xff][ -~]+\x94|X[\x01-\xff]\0\0\0[ -~]+[qr]")
LEAST = 1e-6  # bytes that mean something else come to less
LARGEST_TEXT = 1 << 16
LARGEST = 1 << 25
MOST_OPCODES = 200_000
MOST_KEPT = 1 << 22  # of each file, until the end of the grade


@dataclass(frozen=True, eq=False)
class Thresholds(Mapping[str, float]):
    """Numbers by their names, looked for when they are first asked for: most evaluations set no threshold.

    ``sources`` come to the numbers of one file each, by what was read of it; of two that have a name in
    common, the later one counts.
    """

    sources: tuple[Callable[[], Mapping[str, float]], ...]

    def __getitem__(self, name: str) -> float:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @cached_property
    def _found(self) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for source in self.sources:
            found |= source()
        return dict(list(found.items())[:MOST_LIMITS])


def limits_of(ws: Workspace, stages: Sequence[Stage], made: Sequence[str] = ()) -> Thresholds:
    """The numbers between 0 and 1 that these stages may use as a threshold, by their names.

    They are parameters that the stages declare, numbers that stand in a Python script of theirs, and those
    that were ``made``: in small files of other stages which they read, and within the model. All is read now:
    the workspace may be gone when they are asked for.
    """
    return Thresholds(tuple(_sources(ws, stages, made)))


def _sources(
    ws: Workspace, stages: Sequence[Stage], made: Sequence[str]
) -> Iterator[Callable[[], Mapping[str, float]]]:
    for stage in stages:
        for file, keys in stage.takes.items():
            with suppress(MalformedEvidence):
                yield _source(partial(_parameters, file, keys), ws.read(file) or b"")
        for path in (path for path in stage.deps if path.endswith(".py")):
            yield _source(_in_script, ws.read(path) or b"")
    for path in made:
        with suppress(MalformedEvidence):  # larger than anything of settings
            yield _source(partial(_numbers_in, path), ws.read(path, LARGEST) or b"")


def _source(
    numbers: Callable[[bytes], Mapping[str, float]], data: bytes
) -> Callable[[], Mapping[str, float]]:
    """The numbers in these bytes: to be looked for when asked, unless so much had to be kept till then."""
    if len(data) <= MOST_KEPT:
        return partial(numbers, data)
    found = numbers(data)
    return lambda: found


def _in_script(data: bytes) -> dict[str, float]:
    return {number: float(number) for number in NUMBER.findall(data.decode("utf-8", "replace"))}


def _numbers_in(path: str, packed: bytes) -> dict[str, float]:
    """The numbers between 0 and 1 in a file that a stage made, each by its key: nothing is ever unpickled."""
    data = decompressed(packed, LARGEST) or b""
    named = _pickled(data) if data[:1] == b"\x80" else _written(path, data)
    return {f"{key} of {path}": value for key, value in named if LEAST < value < 1}


def _written(path: str, data: bytes) -> Iterator[tuple[str, float]]:
    if suffix(path) not in SETTINGS or len(data) > LARGEST_TEXT:
        return
    try:
        leaves = flatten(load_params(path, data))
    except MalformedEvidence:
        return
    yield from ((key, float(value)) for key, value in leaves.items() if isinstance(value, int | float))


def _pickled(data: bytes) -> Iterator[tuple[str, float]]:
    """Each number that a pickle writes out, after the last text before it: what a key comes to be.

    NumPy's numbers are eight bytes of their own.
    """
    key = "a number"
    for arg in islice(_arguments(data), MOST_OPCODES):
        if isinstance(arg, str) and arg not in OF_NUMPY:
            key = arg
        elif isinstance(arg, float):
            yield key, arg
        elif isinstance(arg, bytes) and len(arg) == DOUBLE.size:
            yield key, DOUBLE.unpack(arg)[0]


def _arguments(data: bytes) -> Iterator[object]:
    """What the opcodes of a pickle come with.

    joblib puts arrays in between, of which no opcode tells (joblib.numpy_pickle, `NumpyArrayWrapper`): what
    follows one is read from its next text on.
    """
    stream, last = io.BytesIO(data), 0
    while True:
        with suppress(ValueError):
            for _, arg, place in pickletools.genops(stream):
                last = place or last
                yield arg
        if (text := TEXT.search(data, last + 1)) is None:
            return
        last = stream.seek(text.start())


def _parameters(file: str, keys: Sequence[str], data: bytes) -> dict[str, float]:
    try:
        leaves = flatten(load_params(file, data))
    except MalformedEvidence:
        return {}
    declared = {key: value for key, value in leaves.items() if declares(keys, key)}
    return {
        key: float(value)
        for key, value in declared.items()
        if isinstance(value, int | float) and 0 < value < 1
    }
