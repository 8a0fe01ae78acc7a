"""The names under which people write parameters and metrics in a text, and the values beside them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.evidence.safe_yaml import Json

_MARKUP = re.compile(r"[*`\"'\\]+")
_WORDS = re.compile(r"[_\-\s]+")
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?")
_CONSTANTS: dict[str, Json] = {"true": True, "false": False, "none": None, "null": None}
NUMBER_PATTERN = _NUMBER.pattern + r"\s?%?"


@dataclass(frozen=True)
class Names:
    """The dotted parameter keys that a submission has, and the names of the metrics that matter.

    A parameter is meant by its whole key, or by the key's last part where no other key ends in it; ``_``,
    ``-`` and spaces are one, and case does not count.
    """

    keys: frozenset[str]
    metrics: frozenset[str]

    @cached_property
    def by_name(self) -> dict[str, str]:
        """Each accepted name, in its plain form, with the key that it means."""
        last = Counter(plain(key.rpartition(".")[2]) for key in self.keys)
        short = {plain(key.rpartition(".")[2]): key for key in self.keys}
        unique = {name: key for name, key in short.items() if last[name] == 1 and len(name) > 1}
        return unique | {plain(key): key for key in self.keys}

    @cached_property
    def metrics_by_name(self) -> dict[str, str]:
        """Each metric's plain name with its name as given."""
        return {plain(metric): metric for metric in sorted(self.metrics)}

    def parameter(self, text: str) -> str | None:
        """Return the key that `text` names, None where it names none."""
        return self.by_name.get(plain(text))

    def metric(self, text: str) -> str | None:
        """Return the metric that `text` names, None where it names none."""
        return self.metrics_by_name.get(plain(text))

    @cached_property
    def pairs(self) -> re.Pattern[str]:
        """A pattern for ``name = number`` and ``name: number``: group 1 the name, group 2 the number."""
        names = sorted({*self.by_name, *self.metrics_by_name}, key=len, reverse=True)
        spelled = "|".join(_spelled(name) for name in names) or r"(?!)"
        quote = r"[*`\"']{0,3}"
        return re.compile(
            rf"(?<![\w.])({spelled}){quote}\s{{0,3}}[=:]\s{{0,3}}{quote}({NUMBER_PATTERN})(?![\w/])",
            re.IGNORECASE,
        )


def plain(text: str) -> str:
    """Return a name without markup and case, with ``_`` for ``-`` and spaces."""
    return _WORDS.sub("_", _MARKUP.sub("", text).strip()).strip("_").lower()


def value_of(text: str) -> Json:
    """Return the value that a word writes: a number (a percentage as a fraction), a constant, or text."""
    word = _MARKUP.sub("", text).strip()
    if word.lower() in _CONSTANTS:
        return _CONSTANTS[word.lower()]
    number = number_of(word)
    return word if number is None else number


def number_of(text: str) -> int | float | None:
    """Return the number that a word writes, a percentage as a fraction; None for anything else."""
    word = _MARKUP.sub("", text).strip()
    bare = word.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(bare):
        return None
    if bare != word:
        return float(bare) / 100
    return int(bare) if bare.lstrip("+-").isdigit() else float(bare)


def is_value(text: str) -> bool:
    """Whether a word writes a number or a constant: what stands in a table below a parameter's name."""
    word = _MARKUP.sub("", text).strip()
    return number_of(word) is not None or word.lower() in _CONSTANTS


def unique(names: Iterable[str | None]) -> bool:
    """Whether no name comes twice, those that mean nothing left out."""
    known = [name for name in names if name is not None]
    return len(known) == len(set(known))


def _spelled(name: str) -> str:
    return r"[_\-\s]".join(re.escape(word) for word in name.split("_"))
