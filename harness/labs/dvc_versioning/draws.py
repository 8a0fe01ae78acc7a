"""The values that the scenarios use, drawn from the grade's seed, so that nothing can be tuned to them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.params import candidates, is_seed

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from harness.evidence.params import Value

FIRST_GUESSES = ("n_estimators", "max_depth")
LEAST_COUNT = 2
NEAR_INTS = 100
NEAR_PARTS = (0.03, 0.06, 0.09, 0.12, 0.14, 0.16, 0.18, 0.2)


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
    """One change for each usable training parameter, the most telling first; tiny forests differ visibly.

    After these come milder ones, for a pipeline that refuses each of them.
    """
    return _changes(by_usefulness(params), seed, "train")


def split_changes(params: Sequence[Param], seed: int) -> tuple[Change, ...]:
    """The same for the parameters of the split, fractions first, since they change every output."""
    usable = sorted(by_usefulness(params), key=lambda param: type(param.value) is not float)
    return _changes(usable, seed, "split")


def experiments(params: Sequence[Param], seed: int, count: int = 3) -> tuple[tuple[Change, ...], ...]:
    """``count`` sets of one or two changes, no two sets alike; empty when no parameter is numeric."""
    chosen = by_usefulness(params)[:2]
    rng = generator(seed, "experiments")
    columns = [_several(param, rng, count) for param in chosen]
    return tuple(zip(*columns, strict=True))


def milder_experiments(
    params: Sequence[Param], seed: int, count: int = 3
) -> tuple[tuple[tuple[Change, ...], ...], ...]:
    """Others than ``experiments``, nearer to the present values, for a pipeline that refuses those.

    Up to three times ``count`` sets: of values a little below, of values a little above, and at last of the
    parameter alone whose change shows least. No two sets of one time are alike, or like a drawn one.
    """
    drawn = {change for one in experiments(params, seed, count) for change in one}
    near = [_nearer(param, drawn, generator(seed, f"milder:{param.key}")) for param in by_usefulness(params)]
    usable = [(below + above, above) for below, above in near if len(above) >= count]
    both, least = usable[:2], usable[1:][-1:]
    times = ([below for below, _ in both], [above for _, above in both], [above for _, above in least])
    sets = (tuple(zip(*(changes[:count] for changes in one), strict=True)) for one in times if one)
    return tuple(dict.fromkeys(sets))


def _nearer(param: Param, drawn: Container[Change], rng: random.Random) -> tuple[list[Change], list[Change]]:
    """Changes to values a little below the present one, and above it, but for those drawn before."""
    if not isinstance(param.value, int | float):
        return [], []
    sides = (
        _near_ints(param, param.value, rng)
        if isinstance(param.value, int)
        else _near_floats(param.value, rng)
    )
    below, above = ([one for new in side if (one := Change(param, new)) not in drawn] for side in sides)
    return below, above


def _near_ints(param: Param, value: int, rng: random.Random) -> tuple[Sequence[int], Sequence[int]]:
    """Most within a fifth of a count, and all of them counts; none for a negative number."""
    width, least = min(max(3, value // 5), NEAR_INTS), LEAST_COUNT if _is_plain_count(param) else 1
    far = [*rng.sample(range(1, width + 1), width), *range(width + 1, width + 7)]
    below, above = [value - one for one in far], [value + one for one in far if value >= 0]
    return [one for one in below if one >= least], [one for one in above if one >= least]


def _near_floats(value: float, rng: random.Random) -> tuple[Sequence[float], Sequence[float]]:
    """Within a fifth of a number, for a fraction also of what it lacks of one; none for a negative number."""
    scale = min(value, 1 - value) if 0 < value < 1 else value or 1.0
    far = [scale * part for part in rng.sample(NEAR_PARTS, len(NEAR_PARTS)) if value >= 0]
    below, above = ([float(f"{value + side * one:.9g}") for one in far] for side in (-1, 1))
    return [one for one in below if 0 <= one < value], [one for one in dict.fromkeys(above) if one > value]


def _is_plain_count(param: Param) -> bool:
    return type(param.value) is int and not param.is_seed and param.last not in FIRST_GUESSES


def _changes(params: Sequence[Param], seed: int, purpose: str) -> tuple[Change, ...]:
    """A far change of each parameter, then one to a value a little below each, then a little above."""
    far = [_several(param, generator(seed, f"{purpose}:{param.key}"), 1)[0] for param in params]
    near = [_nearer(param, far, generator(seed, f"milder {purpose}:{param.key}")) for param in params]
    return (*far, *(change for side in (0, 1) for pair in near for change in pair[side][:1]))


def _several(param: Param, rng: random.Random, count: int) -> list[Change]:
    """Values for one parameter; counts that are no first guess are at least 2."""
    values = candidates(param.value, param.key, rng)
    if _is_plain_count(param):
        values = tuple(value for value in values if type(value) is int and value >= LEAST_COUNT)
    return [Change(param, value) for value in values[:count]]
