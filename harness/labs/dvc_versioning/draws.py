"""The values that the scenarios use, drawn from the grade's seed, so that nothing can be tuned to them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.params import candidates, is_seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.evidence.params import Value

FIRST_GUESSES = ("n_estimators", "max_depth")
LEAST_COUNT = 2


@dataclass(frozen=True)
class Param:
    """One parameter of a stage: the file, its dotted key, and the value before any change."""

    file: str
    key: str
    value: Value

    @property
    def last(self) -> str:
        """The last part of the key, which carries its meaning."""
        return self.key.rpartition(".")[2].lower()

    @property
    def is_seed(self) -> bool:
        """Whether the key names a random seed."""
        return is_seed(self.key)


@dataclass(frozen=True)
class Change:
    """A parameter and the value it is given."""

    param: Param
    new: Value

    def __str__(self) -> str:
        return f"{self.param.key} from {self.param.value} to {self.new}"


def generator(seed: int, purpose: str) -> random.Random:
    """A random generator of its own for each purpose, the same for the same seed on every machine."""
    return random.Random(f"{seed}:{purpose}")  # noqa: S311 (drawing lots, not keys)


def by_usefulness(params: Iterable[Param]) -> list[Param]:
    """The numeric parameters, those whose change shows most in a model first, seeds last."""

    def rank(param: Param) -> tuple[int, str]:
        if param.last in FIRST_GUESSES:
            return FIRST_GUESSES.index(param.last), param.key
        if param.is_seed:
            return 9, param.key
        return (3 if type(param.value) is int else 4), param.key

    return sorted((param for param in params if type(param.value) in {int, float}), key=rank)


def train_changes(params: Sequence[Param], seed: int) -> tuple[Change, ...]:
    """One change for each usable training parameter, the most telling first; tiny forests differ visibly."""
    return tuple(_changed(param, generator(seed, f"train:{param.key}")) for param in by_usefulness(params))


def split_changes(params: Sequence[Param], seed: int) -> tuple[Change, ...]:
    """One change for each usable parameter of the split, fractions first, since they change every output."""
    usable = sorted(by_usefulness(params), key=lambda param: type(param.value) is not float)
    return tuple(_changed(param, generator(seed, f"split:{param.key}")) for param in usable)


def experiments(params: Sequence[Param], seed: int, count: int = 3) -> tuple[tuple[Change, ...], ...]:
    """``count`` sets of one or two changes, no two sets alike; empty when no parameter is numeric."""
    chosen = by_usefulness(params)[:2]
    rng = generator(seed, "experiments")
    columns = [_several(param, rng, count) for param in chosen]
    return tuple(zip(*columns, strict=True))


def _changed(param: Param, rng: random.Random) -> Change:
    return _several(param, rng, 1)[0]


def _several(param: Param, rng: random.Random, count: int) -> list[Change]:
    """Values for one parameter; counts that are no first guess are at least 2."""
    values = candidates(param.value, param.key, rng)
    if type(param.value) is int and not param.is_seed and param.last not in FIRST_GUESSES:
        values = tuple(value for value in values if type(value) is int and value >= LEAST_COUNT)
    return [Change(param, value) for value in values[:count]]
