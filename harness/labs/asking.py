"""Whether words typed after ``pytest`` ask for a grade, and by which lab."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.labs import RUBRIC, installed

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD = "harness"
INNER = "harness-checks"


class Misused(Exception):
    """A grade is asked for in a way that cannot be carried out; the message says what to type."""


@dataclass(frozen=True)
class Asked:
    """A grade is asked for; ``lab`` is the folder of the lab when that was typed in place of ``harness``."""

    lab: str | None = None


PART = Asked("a part of a lab")


def grade_asked(words: Sequence[str], folder: Path, *, options: bool) -> Asked | None:
    """Return what the words ask for when typed in ``folder``, None when they ask for ordinary tests.

    ``harness`` stands for this package wherever it is typed, unless a folder of that name is there and none
    of the harness's ``options`` was given. Misused when a grade and something else are asked for together.
    """
    meanings = [_meaning(word, folder, options=options) for word in words]
    asked = [meaning for meaning in meanings if meaning]
    if not asked:
        if options and words:
            raise Misused(f"{' '.join(words)} is no lab; to grade type: pytest harness --submission PATH")
        return Asked() if options else None
    if len(words) > 1 or PART in asked:
        raise Misused("a submission is graded by a whole lab at a time: pytest harness --submission PATH")
    return asked[0]


def _meaning(word: str, folder: Path, *, options: bool) -> Asked | None:
    place = (folder / word.partition("::")[0]).resolve()
    if place == Path(__file__).resolve().parents[1]:
        return Asked()
    if word.rstrip("/\\") == WORD and (options or not place.exists()):
        return Asked()
    if place in installed().values() or (options and (place / RUBRIC).is_file()):
        return Asked(str(place))
    return PART if Path(__file__).resolve().parent in place.parents else None
