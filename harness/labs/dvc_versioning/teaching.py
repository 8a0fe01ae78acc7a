"""Whether a model knows the held-out rows from elsewhere: trained on wrong rows, it must be wrong.

In every table but the held-out one the features are exchanged between the classes, except in rows that are
among those held out. What learns from the training rows alone now learns the wrong way round; what has seen
the held-out rows, or has them by heart, still knows them. Then these alone are exchanged, for training that
leaves them out when its rows look wrong. Where it reads no table that can be written here, the preprocessing
runs on the raw one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import MalformedEvidence
from harness.evidence.crossing import crossed
from harness.evidence.rows import among, csv_of, frame_of
from harness.evidence.scoring import accuracy, canonical
from harness.labs.dvc_versioning import draws
from harness.labs.dvc_versioning.alone import indifferent_to
from harness.labs.dvc_versioning.asking import predict_elsewhere
from harness.labs.dvc_versioning.beside import rows_beside
from harness.labs.dvc_versioning.given import is_given
from harness.labs.dvc_versioning.recompute import (
    LARGEST,
    companions,
    held_out_tables,
    model_in,
    renamed,
    split_held_out,
)
from harness.labs.dvc_versioning.retraining import Retraining, fewest_odd
from harness.labs.dvc_versioning.taught import Taught
from harness.labs.dvc_versioning.teaching_tables import Rows, alike, held_out_among, rows_of, tables_of
from harness.labs.dvc_versioning.ways import Choice, settled, taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from harness.evidence.rows import Split
    from harness.evidence.scoring import Label
    from harness.labs.dvc_versioning.alone import Alone
    from harness.labs.dvc_versioning.course import Reproduction
    from harness.labs.dvc_versioning.teaching_tables import Wrong
    from harness.workspace.prediction import Way
    from harness.workspace.sealing import Seal
    from harness.workspace.workspace import Workspace

FEWEST_ROWS = 15
MARGIN = 0.1  # above what always naming the commonest class would score
DROP = 0.2  # of the accuracy, which no change of a seed explains
TINY = 1e-9
OPEN = frozenset({"learns", "unknown"})  # verdicts that leave training above suspicion


def teach(
    base: Reproduction, seed: int, ws: Workspace, alone: Mapping[str, Alone], seal: Seal | None = None
) -> Taught:
    """Train the student's model on wrong rows, and see what it makes of the held-out ones.

    ``alone`` has what the stages did by themselves, by address. What looks honest after that is looked at
    once more under a ``seal``.
    """
    choice = settled([base.scored]) if base.scored else None
    scored = base.scored and taken(base.scored, choice)
    if scored is None or not scored.labels or not (choice or scored.certain):
        return Taught("unknown")
    before = accuracy(scored.predictions, scored.labels)
    lesson = _Lesson(ws, base, seed, choice or Choice(scored.ways[0].name), alone)
    if len(scored.labels) < FEWEST_ROWS or _telling(scored.labels) > 1:
        found = Taught("scant" if is_given(lesson.holding, base, alone) else "unknown", before)
    elif before < _telling(scored.labels):
        return Taught("unknown", before)
    else:
        found = lesson.verdict(before)
    if found.verdict == "learns" and lesson.follows(scored.predictions):
        return replace(found, verdict="follows")
    if seal and found.verdict in OPEN and lesson.is_watchful(seal, scored.predictions):
        return replace(found, verdict="watchful")
    return found


class _Lesson:
    """One workspace's tables, crossed, and the model that its training makes of them."""

    def __init__(
        self, ws: Workspace, base: Reproduction, seed: int, choice: Choice, alone: Mapping[str, Alone]
    ) -> None:
        self.ws = ws
        self.alone = alone
        self.base = base
        self.seed = seed
        self.choice = choice
        self.stages = base.roles.train
        training = [base.pipeline.stage(address) for address in base.roles.train]
        self.training = Retraining(ws, training, alone, lambda: self._answers(self.split.features))
        self.own = {table.path: table for table in held_out_tables(ws, base.pipeline, base.roles)}
        self.read: set[str] = set()
        self._refused = False

    @cached_property
    def split(self) -> Split:
        found = split_held_out(list(self.own.values()))
        if found is None:
            raise MalformedEvidence("the held-out data", "has no label column any more")
        return found

    @cached_property
    def asked(self) -> pd.DataFrame:
        """The features of the held-out rows."""
        return frame_of(self.split.features)

    @cached_property
    def rows(self) -> tuple[Rows, ...]:
        """The tables of the workspace that hold features of the held-out data's kind, and labels."""
        return rows_of(tables_of(self.ws), self.split, self.own)

    @property
    def holding(self) -> list[str]:
        """The tables with held-out rows, digit by digit, so many that it is not by chance."""
        fewest = fewest_odd(len(self.asked))
        held = [one.table.path for one in self.rows if among(one.features, self.asked).sum() >= fewest]
        return [*self.own, *held]

    def verdict(self, before: float) -> Taught:
        beside = self._score_beside(self.base.scored.beside if self.base.scored else ())
        fewest = fewest_odd(len(self.split.labels)) / len(self.split.labels)
        if beside is not None and before - beside >= fewest - TINY:
            return Taught("looked up", before, beside)
        if (told := self._accuracy_untold()) is not None:
            return Taught("told", before, told)
        after = self._accuracy_after("others")
        if after is not None and not self._reached:
            self.stages = (*self.base.roles.prepare, *self.base.roles.train)
            after = self._accuracy_after("others") if self._prepared_from_raw else None
        if after is None:
            return self._untaught(before)
        telling = after >= _telling(self.split.labels)
        by_heart = telling and self._lost_when_moved(after)
        if telling or self._seen_rows >= FEWEST_ROWS:
            without = self._accuracy_after("all")
            if without is not None and after - without >= DROP:
                return (
                    Taught("learns", before, without) if self._alike_anyway else Taught("seen", before, after)
                )
        turned = None if self._indifferent else self._accuracy_after("held out")
        if turned is not None and before - turned >= DROP and not self._alike_anyway:
            return Taught("turned", before, turned)
        return Taught("learns" if not telling else "memorised" if by_heart else "unmoved", before, after)

    def _untaught(self, before: float) -> Taught:
        """Where training runs on no crossed rows, but perhaps where the held-out ones alone are crossed."""
        turned = self._accuracy_after("held out") if self._refused else None
        if turned is not None and before - turned >= DROP and not self._alike_anyway:
            return Taught("turned", before, turned)
        blind = turned is not None or not self._refused or self._seen_rows < FEWEST_ROWS
        return Taught("unknown" if blind else "refused", before)

    def _accuracy_after(self, wrong: Wrong) -> float | None:
        """How well a model trained on crossed rows knows the held-out ones; None: not to be told."""
        given = {path: self.ws.read(path, LARGEST) for path in (*self.own, *self._taught)}
        for one in self.rows:
            if wrong != "others" or one.table.path not in self.own:
                self.ws.write(one.table.path, one.crossed(self.seed, wrong))
        for stage in (self.base.pipeline.stage(address) for address in self.stages):
            ok, read = self.training.run(stage)
            if not ok:
                self._refused = True
                return None
            if stage.address in self.base.roles.train:
                self.read |= read if read is not None else {p for p in given if stage.reads(p)}
        if wrong == "others" and any(self.ws.read(path, LARGEST) != given.get(path) for path in self.own):
            return None  # another split: the rows held out before are among those to train on now
        return self._score(self.split.features)

    def follows(self, before: Sequence[Label]) -> bool:
        """Whether training on the same rows makes another model where it finds fewer held-out ones to read.

        `before` is what the model says of these. Nothing is known where training makes them itself, or makes
        another model each time.
        """
        made = {path for stage in self.training.stages for path in stage.out_paths}
        fewer = {one.table.path: one.fewer(self.asked) for one in self._read_rows}
        less = {path: data for path, data in fewer.items() if data is not None}
        if not less or made & set(self.own):
            return False
        whole = {one.table.path: one.data for one in self.rows}
        there = self.training.on({**whole, **less})
        if there is None or there == tuple(before):
            return False
        return self.training.on(whole) == tuple(before)

    def is_watchful(self, seal: Seal, before: Sequence[Label]) -> bool:
        """Whether training makes another model of the same values where nothing is left of earlier runs."""
        return self.training.is_watchful({one.table.path: one.data for one in self.rows}, seal, before)

    def _accuracy_untold(self) -> float | None:
        """How well the model knows the held-out rows without what tells their class; None: nothing does."""
        having = {name: [one for one in self.rows if name in one.features] for name in self.asked.columns}
        told = [name for name, tables in having.items() if all(name in one.telling for one in tables)]
        if not told or not any(having.values()):
            return None
        found, everywhere = self.asked.copy(), np.zeros(len(self.asked), dtype=bool)
        rng = draws.generator(self.seed, "untold")
        found[told] = crossed(found[told], self.split.labels, everywhere, rng)
        as_they_are, without = self._score(self.split.features), self._score(csv_of(found))
        return None if without is None or without == as_they_are else without

    def _score(self, features: bytes, truth: Sequence[Label] | None = None) -> float | None:
        labels = self._answers(features)
        return None if labels is None else accuracy(labels, truth or self.split.labels)

    def _answers(self, features: bytes) -> tuple[Label, ...] | None:
        """What the model says of these rows; None where it says nothing."""
        model = model_in(self.ws, str(self.base.roles.model))
        files = (model, *companions(self.base.pipeline, self.base.roles))
        return self._in_its_way(predict_elsewhere(self.ws, files, features).ways)

    def _in_its_way(self, ways: Sequence[Way]) -> tuple[Label, ...] | None:
        """The labels in the way in which the evaluation comes to its own; None where they have it not."""
        limits = self.base.scored.limits if self.base.scored else {}
        return self.choice.labels(tuple(renamed(ways, self.split.labels)), limits)

    def _lost_when_moved(self, after: float) -> bool:
        """Whether the model knows nothing of rows that lie next to the held-out ones."""
        there = self._score_beside()
        return there is None or after - there >= DROP

    def _score_beside(self, known: Sequence[Way] = ()) -> float | None:
        """How well the model knows rows that lie next to the held-out ones, given the other way round.

        Where what it says of them is ``known``, it is not asked again.
        """
        if known:
            labels = self._in_its_way(known)
            return None if labels is None else accuracy(labels, self.split.labels[::-1])
        return self._score(rows_beside(self.split.features, self.seed), self.split.labels[::-1])

    @cached_property
    def _taught(self) -> tuple[str, ...]:
        return tuple(one.table.path for one in self.rows)

    @property
    def _reached(self) -> bool:
        """Whether training read crossed rows, or else reads nothing that the pipeline makes or is given."""
        given = {*self.base.state.outs, *self.base.roles.raw}
        return any(path in self.read for path in self._taught) or not self.read & given

    @property
    def _prepared_from_raw(self) -> bool:
        """Whether the raw data is among the tables that can be written, and some stage prepares it."""
        return bool(self.base.roles.prepare) and any(path in self.base.roles.raw for path in self._taught)

    @property
    def _seen_rows(self) -> int:
        """How many rows of what training reads are among those held out."""
        return held_out_among(self._read_rows)

    @property
    def _indifferent(self) -> bool:
        """Whether training cannot see that the held-out rows are exchanged, but for a few of them."""
        changed = [one.table.path for one in self.rows if one.held_out.sum() >= FEWEST_ROWS]
        return indifferent_to(changed, [self.base.pipeline.stage(one) for one in self.stages], self.alone)

    @property
    def _read_rows(self) -> list[Rows]:
        """Those of the tables that training was seen to read, or declares."""
        stages = self.training.stages
        paths = {path for path in self._taught if any(stage.reads(path) for stage in stages)} | self.read
        return [one for one in self.rows if one.table.path in paths]

    @property
    def _alike_anyway(self) -> bool:
        """Whether the raw data holds as many rows with others next to them: augmented often, it does.

        Where the rows that training reads cannot be seen, these are taken to be half of all.
        """
        raw = [one.features for one in self.rows if one.table.path in self.base.roles.raw]
        return alike(raw, self.asked, self._read_rows)


def _telling(labels: Sequence[Label]) -> float:
    """The accuracy from which on a model knows something of the rows."""
    counts = np.unique([str(canonical(label)) for label in labels], return_counts=True)[1]
    return float(counts.max() / len(labels)) + MARGIN
