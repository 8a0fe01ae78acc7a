"""The numbers that an evaluation may set as a threshold to a model's chances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.params import declares, flatten, load_params

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.evidence.pipeline import Stage
    from harness.workspace.workspace import Workspace

NUMBER = re.compile(r"(?<![\w.])0?\.\d{1,6}(?![\w.])")
MOST_LIMITS = 10


def limits_of(ws: Workspace, stages: Sequence[Stage]) -> dict[str, float]:
    """The numbers between 0 and 1 that these stages may use as a threshold, by their names.

    They are parameters that the stages declare, and numbers that stand in a Python script of theirs.
    """
    found: dict[str, float] = {}
    for stage in stages:
        found |= {key: value for key, value in _parameters(ws, stage) if 0 < value < 1}
        scripts = (path for path in stage.deps if path.endswith(".py"))
        texts = ((ws.read(path) or b"").decode("utf-8", "replace") for path in scripts)
        found |= {number: float(number) for text in texts for number in NUMBER.findall(text)}
    return dict(list(found.items())[:MOST_LIMITS])


def _parameters(ws: Workspace, stage: Stage) -> Iterator[tuple[str, float]]:
    for file, keys in stage.params.items():
        try:
            leaves = flatten(load_params(file, ws.read(file) or b""))
        except MalformedEvidence:
            continue
        for leaf, value in leaves.items():
            if declares(keys, leaf) and isinstance(value, int | float):
                yield leaf, float(value)
