"""Metrics files: their values, and which are the four scores of a classifier, by their keys' meaning."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.params import Value, flatten, load_params, suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCORES = ("accuracy", "precision", "recall", "f1")
LARGEST = 100.0
HUGE = 1e12

_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "accuracy",
        "acc": "accuracy",
        "precision": "precision",
        "prec": "precision",
        "recall": "recall",
        "sensitivity": "recall",
        "f1": "f1",
        "fscore": "f1",
        "fmeasure": "f1",
        "f1score": "f1",
    }
)
_HELD_OUT = frozenset({"test", "testing", "eval", "evaluation", "holdout", "heldout"})
_NOT_HELD_OUT = frozenset(
    {"train", "training", "fit", "cv", "val", "valid", "validation", "dev", "baseline", "dummy"}
)
_USUAL = frozenset({"score", "scores", "metric", "metrics", "set", "data", "final", "overall", "model"})
_OTHER_SCORES = frozenset(
    {"balanced", "top", "curve", "std", "loss", "error", "threshold", "support", "specificity", "auc"}
)
_HELD_OUT_DATA, _UNNAMED_DATA, _OTHER_DATA = range(3)  # of training, validation or a baseline
_AVERAGE_PRECISION = re.compile(r"\b(average|avg|mean) prec(ision)?\b")


@dataclass(frozen=True)
class Scores:
    """What a metrics file says of the four scores.

    `values` holds what is there as a real number, `keys` the dotted key of each, `refused` the reason for
    each one that is there but is no such number.
    """

    values: Mapping[str, float]
    keys: Mapping[str, str]
    refused: Mapping[str, str]

    @property
    def missing(self) -> tuple[str, ...]:
        """The scores that the file does not name at all."""
        return tuple(name for name in SCORES if name not in self.values and name not in self.refused)

    @property
    def complete(self) -> bool:
        """True when all four scores are there as real numbers."""
        return all(name in self.values for name in SCORES)


@dataclass(frozen=True)
class _Candidate:
    """A key that means one of the scores: how far it is from the held-out data, and how odd its words are."""

    name: str
    key: str
    value: Value
    split: int
    context: tuple[str, ...]
    oddness: int


def load_metrics(path: str, data: bytes) -> dict[str, Value]:
    """The values of a metrics file in JSON, YAML or TOML, nested; raises MalformedEvidence.

    These are the formats that `dvc metrics` reads (https://dvc.org/doc/command-reference/metrics).
    """
    if suffix(path) not in {".json", ".yaml", ".yml", ".toml"}:
        raise MalformedEvidence(path, "a metrics file should be JSON, YAML or TOML")
    return load_params(path, data)


def otherness(path: str) -> int:
    """How far a file is from the held-out data by its name, and by its folders' where that says nothing.

    0 for the held-out data, 1 where nothing is said, 2 for training, validation or a baseline.
    """
    name = _split(_words(PurePosixPath(path).stem))
    return name if name != _UNNAMED_DATA else _split(_words(path))


def find_scores(mapping: Mapping[str, Value]) -> Scores:
    """The four scores by meaning: `acc`, `test_accuracy`, `f1-score`, `f1_macro`, nested sections and so on.

    Where several sections have them, held-out data wins over no section, that over training, and the three of
    precision, recall and f1 come from one section. Other keys are ignored. Percentages stay as they are.
    """
    found = [one for key, value in flatten(mapping).items() if (one := _candidate(key, value))]
    chosen = _chosen(found)
    readings = {one.name: (one, _refusal(one.value)) for one in chosen}
    values = {
        name: float(one.value)
        for name, (one, reason) in readings.items()
        if reason is None and isinstance(one.value, int | float)
    }
    return Scores(
        values=values,
        keys={name: one.key for name, (one, _) in readings.items()},
        refused={name: reason for name, (_, reason) in readings.items() if reason is not None},
    )


def _refusal(value: Value) -> str | None:
    """Why a value is no score; None when it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{str(value)[:40]!r} is {_kind(value)}, not a number"
    if not abs(value) <= LARGEST:
        shown = "a huge number" if abs(value) > HUGE else str(value)
        return f"{shown} is no score, which lies between 0 and 1"
    return None


def _kind(value: Value) -> str:
    names = {bool: "a truth value", str: "a text", list: "a list", dict: "a section", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)


def _words(text: str) -> list[str]:
    """The words of a key in lower case, camel case split, with `f1`, `f-score` and `f1-score` as one word."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    plain = re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()
    plain = re.sub(r"\bf ?1? ?(score|measure)\b|\bf 1\b", "f1", plain)
    return re.sub(r"\bheld out\b|\bhold out\b", "heldout", plain).split()


def _candidate(key: str, value: Value) -> _Candidate | None:
    *sections, last = key.split(".")
    words = _words(last)
    names = [_MEANINGS[word] for word in words if word in _MEANINGS]
    if len(names) != 1 or _OTHER_SCORES & set(words) or _AVERAGE_PRECISION.search(" ".join(words)):
        return None
    others = [word for section in sections for word in _words(section)]
    others += [word for word in words if word not in _MEANINGS]
    context = tuple(word for word in others if word not in _USUAL)
    odd = sum(word not in _HELD_OUT for word in context)
    return _Candidate(names[0], key, value, _split(context), tuple(sorted(context)), odd)


def _split(words: Iterable[str]) -> int:
    present = set(words)
    if present & _NOT_HELD_OUT:
        return _OTHER_DATA
    return _HELD_OUT_DATA if present & _HELD_OUT else _UNNAMED_DATA


def _chosen(found: list[_Candidate]) -> list[_Candidate]:
    """One candidate for each score: the best section's, then what only other sections have."""
    if not found:
        return []
    sections: defaultdict[tuple[str, ...], list[_Candidate]] = defaultdict(list)
    for one in found:
        sections[one.context].append(one)
    best = min(sections, key=lambda context: _rank(sections[context]))
    split = _split(best)
    usable = [one for one in found if one.split <= max(split, _UNNAMED_DATA)]
    usable.sort(key=lambda one: (one.context != best, one.split, one.oddness))
    first: dict[str, _Candidate] = {}
    for one in usable:
        first.setdefault(one.name, one)
    return list(first.values())


def _rank(section: list[_Candidate]) -> tuple[int, int, int, str]:
    names = {one.name for one in section}
    return section[0].split, -len(names), section[0].oddness, section[0].key
