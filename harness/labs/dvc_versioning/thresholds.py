"""The numbers that an evaluation may set as a threshold to a model's chances."""

from __future__ import annotations

import pickletools
import re
import struct
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.params import declares, flatten, load_params, suffix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.evidence.pipeline import Stage
    from harness.workspace.workspace import Workspace

NUMBER = re.compile(r"(?<![\w.])0?\.\d{1,6}(?![\w.])")
MOST_LIMITS = 10
SETTINGS = frozenset({".json", ".yaml", ".yml", ".toml"})
DOUBLE = struct.Struct("<d")
OF_NUMPY = frozenset(
    {"numpy._core.multiarray", "numpy.core.multiarray", "scalar", "numpy", "dtype", "f8", "<"}
)
LEAST = 1e-6  # bytes that mean something else come to less
LARGEST_TEXT = 1 << 16
LARGEST = 1 << 25
MOST_OPCODES = 200_000


def limits_of(ws: Workspace, stages: Sequence[Stage], made: Sequence[str] = ()) -> dict[str, float]:
    """The numbers between 0 and 1 that these stages may use as a threshold, by their names.

    They are parameters that the stages declare, numbers that stand in a Python script of theirs, and those
    that were ``made``: in small files of other stages which they read, and within the model.
    """
    found: dict[str, float] = {}
    for stage in stages:
        found |= {key: value for key, value in _parameters(ws, stage) if 0 < value < 1}
        scripts = (path for path in stage.deps if path.endswith(".py"))
        texts = ((ws.read(path) or b"").decode("utf-8", "replace") for path in scripts)
        found |= {number: float(number) for text in texts for number in NUMBER.findall(text)}
    for path in made:
        with suppress(MalformedEvidence):  # larger than anything of settings
            found |= _numbers_in(path, ws.read(path, LARGEST) or b"")
    return dict(list(found.items())[:MOST_LIMITS])


def _numbers_in(path: str, data: bytes) -> dict[str, float]:
    """The numbers between 0 and 1 in a file that a stage made, each by its key: nothing is ever unpickled."""
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
    with suppress(ValueError):  # joblib puts arrays in between, of which no opcode tells
        for _, arg, _ in islice(pickletools.genops(data), MOST_OPCODES):
            if isinstance(arg, str) and arg not in OF_NUMPY:
                key = arg
            elif isinstance(arg, float):
                yield key, arg
            elif isinstance(arg, bytes) and len(arg) == DOUBLE.size:
                yield key, DOUBLE.unpack(arg)[0]


def _parameters(ws: Workspace, stage: Stage) -> Iterator[tuple[str, float]]:
    for file, keys in stage.takes.items():
        try:
            leaves = flatten(load_params(file, ws.read(file) or b""))
        except MalformedEvidence:
            continue
        for leaf, value in leaves.items():
            if declares(keys, leaf) and isinstance(value, int | float):
                yield leaf, float(value)
