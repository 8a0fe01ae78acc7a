"""``dvc exp run`` commands in a text or a script: the parameter sets that they would run.

Sweeps count (``-S key=1,2,3``, the form that DVC takes from Hydra), and so do shell loops over words.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.prose_names import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.evidence.prose_names import Names
    from harness.evidence.safe_yaml import Json

MAX_SWEEP = 50
_COMMAND = re.compile(r"\bdvc\s+exp(?:eriments?)?\s+run\b")
_SETTING = re.compile(r"(?:-S|--set-param)[\s=]{0,3}(?:[\w./-]{1,80}:)?\+{0,2}([\w.-]{1,80})=(\S{1,200})")
_LOOP = re.compile(r"\bfor\s+(\w{1,40})\s+in\s+([^;]{1,300}?)\s*(?:;|$)")
_QUOTES = re.compile(r"[\"'`\[\]()]+")
_LISTED = re.compile(r"[\"']\s*,\s*f?[\"']")
_CONTINUED = ("\\", "^", " `")


@dataclass(frozen=True)
class Command:
    """One parameter set that a command in line `line`, counted from 1, would run."""

    line: int
    params: Mapping[str, Json]


def commands_in(lines: Sequence[str], names: Names) -> tuple[Command, ...]:
    """Return the parameter sets of the ``dvc exp run`` commands in a text; unknown keys are left out."""
    loops: dict[str, list[str]] = {}
    found: list[Command] = []
    for number, line in _joined(lines):
        loops.update({match[1]: match[2].split() for match in _LOOP.finditer(line)})
        words = _QUOTES.sub(" ", _LISTED.sub(" ", line))
        starts = [match.end() for match in _COMMAND.finditer(words)]
        for start, end in itertools.pairwise([*starts, len(words)]):
            found += [Command(number, params) for params in _sets(words[start:end], loops, names)]
    return tuple(found)


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines with those that continue them, under the number of the first."""
    held, first = "", 0
    for number, line in enumerate(lines, start=1):
        first = first or number
        text = line.rstrip()
        if text.endswith(_CONTINUED) and not text.startswith("```") and len(held) < 2000:  # noqa: PLR2004
            held += text[:-1] + " "
            continue
        yield first, held + text
        held, first = "", 0
    if held:
        yield first, held


def _sets(command: str, loops: Mapping[str, Sequence[str]], names: Names) -> Iterator[dict[str, Json]]:
    """The parameter sets of one command: every combination of its sweeps and loops."""
    settings = [(names.parameter(match[1]), match[2]) for match in _SETTING.finditer(command)]
    choices = [(key, _choices(text, loops)) for key, text in settings if key is not None]
    if not choices or not all(words for _, words in choices):
        return
    combinations = itertools.product(*(words for _, words in choices))
    for words in itertools.islice(combinations, MAX_SWEEP):
        yield {key: value_of(word) for (key, _), word in zip(choices, words, strict=True)}


def _choices(text: str, loops: Mapping[str, Sequence[str]]) -> list[str]:
    """The words that a setting stands for; none where it is a variable that no loop sets."""
    text = text.rstrip(";,|&")
    variable = re.fullmatch(r"\$\{?(\w+)\}?", text)
    if variable is not None:
        return list(loops.get(variable[1], ()))
    if set(text) & set("${}<>"):
        return []
    return [word for word in text.split(",") if word]
