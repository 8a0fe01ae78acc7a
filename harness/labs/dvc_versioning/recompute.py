"""The right scores of a run, computed by the harness from the model's predictions and the labels it kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.metrics import find_scores, load_metrics, otherness
from harness.evidence.roles import looks_like_model
from harness.evidence.rows import Split, join_label, label_column, split_label, without_index
from harness.evidence.scoring import canonical, match
from harness.evidence.table import read_table
from harness.labs.dvc_versioning.asking import code_files, predict_elsewhere, question
from harness.labs.dvc_versioning.dataset import LABEL
from harness.labs.dvc_versioning.model_file import holds_several, why_no_model
from harness.labs.dvc_versioning.reproduction import metric_paths
from harness.labs.dvc_versioning.thresholds import limits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.evidence.metrics import Scores
    from harness.evidence.pipeline import Pipeline
    from harness.evidence.roles import Roles
    from harness.evidence.scoring import Label, Match
    from harness.evidence.table import Table
    from harness.labs.dvc_versioning.case import Case
    from harness.workspace.prediction import Way
    from harness.workspace.workspace import Workspace

LABELS = (LABEL, "label", "y", "diagnosis", "class")
LARGEST = 1 << 30
BINARY = 2


@dataclass(frozen=True)
class Scored:
    """One run's reported scores, and what the harness computed beside them.

    ``predictions`` are those of the model as it is; ``ways`` has them, and others that an evaluation may come
    to, ``limits`` the thresholds that it may set. ``problem`` says why nothing was computed; ``no_model``
    that the file is no model at all, ``no_rows`` that the held-out rows are not to be had. ``doubt`` says why
    right scores may be others all the same. ``beside`` has what the same model says of other rows, where it
    was asked about some.
    """

    reported: Scores | None
    labels: tuple[Label, ...] = ()
    predictions: tuple[Label, ...] = ()
    problem: str | None = None
    no_model: bool = False
    no_rows: bool = False
    doubt: str | None = None
    ways: tuple[Way, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    beside: tuple[Way, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether scores other than these are wrong."""
        return self.doubt is None

    @property
    def match(self) -> Match | None:
        """How the reported scores compare with the right ones; None when these could not be computed."""
        return (
            match(self.reported.values, self.labels, self.predictions)
            if self.reported and self.labels
            else None
        )


def score(
    ws: Workspace,
    case: Case,
    pipeline: Pipeline,
    roles: Roles,
    beside: Callable[[bytes], bytes] | None = None,
) -> Scored:
    """Compute the right scores of the state in a workspace.

    The model runs on the features alone, in a workspace that has the model and the code and no data; the
    labels stay here. Reported scores come from the metrics files of the workspace. Of the rows ``beside``
    those that the features are the model is asked too.
    """
    files = {path: ws.read(path) for path in metric_paths(pipeline) or case.metric_files(case.commit)}
    reported = reported_scores({path: data for path, data in files.items() if data is not None})
    try:
        model, data = _model(ws, roles)
        held_out = _held_out(ws, pipeline, roles)
    except NoScores as reason:
        return Scored(reported, problem=str(reason), no_model=reason.no_model, no_rows=reason.no_rows)
    more = () if beside is None else (beside(held_out.features),)
    needed, code = (model, *companions(pipeline, roles)), code_files(ws, case.repository)
    ask = partial(predict_elsewhere, ws, needed, held_out.features, *more, code=code)
    found = case.answers.to(question(ws, needed, code, held_out.features), ask)
    if not found.ways:
        return Scored(reported, problem=f"{model}: {found.error}", no_model=found.plain)
    first, doubt = found.ways[0].labels, _doubt(pipeline, roles, data)
    made = [model if path == roles.model else path for path in _made_for(pipeline, roles)]
    ways = tuple(renamed(found.ways, held_out.labels))
    limits = limits_of(ws, [pipeline.stage(address) for address in roles.evaluate], made)
    others = found.more[0] if found.more else ()
    return Scored(reported, held_out.labels, first, doubt=doubt, ways=ways, limits=limits, beside=others)


def renamed(ways: Sequence[Way], labels: Sequence[Label]) -> Iterator[Way]:
    """The ways; where one's two classes have names that no label has, with either one's for either."""
    truth = sorted({canonical(label) for label in labels}, key=str)
    for way in ways:
        yield way
        told = sorted({canonical(one) for one in way.classes or way.labels}, key=str)
        if len(told) != BINARY or len(truth) != BINARY or set(told) & set(truth):
            continue
        for words, order in (("renamed", truth), ("renamed the other way round", truth[::-1])):
            names = dict(zip(told, order, strict=True))
            called, classes = (
                tuple(names.get(canonical(one), one) for one in some) for some in (way.labels, way.classes)
            )
            yield replace(way, name=f"{way.name}, {words}", labels=called, classes=classes)


def _doubt(pipeline: Pipeline, roles: Roles, model: bytes) -> str | None:
    """Why right scores may be others than those of one model for the held-out data; None: they may not."""
    deps = {path for address in roles.train for path in pipeline.stage(address).deps}
    read = {path for path in deps if pipeline.producers(path)}
    if len(roles.models) > 1:
        return "there are several models"
    if holds_several(model):
        return "the model's file holds more than a model"
    if any(pipeline.stage(address).takes for address in roles.evaluate):
        return "evaluate has parameters"
    files = {path for path in roles.held_out if PurePosixPath(path).suffix}
    return "training and evaluation read one and the same table" if read and read <= files else None


def _made_for(pipeline: Pipeline, roles: Roles) -> tuple[str, ...]:
    """What evaluate reads that stages make which do not read the held-out rows: it may hold a threshold."""
    read = dict.fromkeys(path for address in roles.evaluate for path in pipeline.stage(address).deps)
    makers = {path: [pipeline.stage(one) for one in pipeline.producers(path)] for path in read}
    nearest = min(map(otherness, roles.held_out), default=0)
    kept = [path for path in roles.held_out if otherness(path) == nearest]
    return tuple(
        path
        for path, stages in makers.items()
        if stages and not any(stage.reads(held) for stage in stages for held in kept)
    )


def companions(pipeline: Pipeline, roles: Roles) -> tuple[str, ...]:
    """What evaluate reads beside the model that other stages make and that may be a scaler or the like."""
    read = [path for address in roles.evaluate for path in pipeline.stage(address).deps]
    return tuple(
        path
        for path in dict.fromkeys((*roles.models, *read))
        if path != roles.model and looks_like_model(path) and pipeline.producers(path)
    )


class NoScores(Exception):
    """Why the right scores cannot be computed; ``no_model``, ``no_rows``: as in Scored."""

    def __init__(self, reason: str, *, no_model: bool = False, no_rows: bool = False) -> None:
        super().__init__(reason)
        self.no_model = no_model
        self.no_rows = no_rows


def _model(ws: Workspace, roles: Roles) -> tuple[str, bytes]:
    """The model's path and bytes; raises NoScores where it is none."""
    if roles.model is None:
        raise NoScores("no stage makes a model that evaluate reads")
    path = model_in(ws, roles.model)
    data = ws.read(path, LARGEST)
    if data is None:
        raise NoScores(f"{path} is not a file")
    if reason := why_no_model(len(data), data):
        raise NoScores(f"{path} {reason}", no_model=True)
    return path, data


def model_in(ws: Workspace, path: str) -> str:
    """The path of the model itself: of a folder, the one file in it that may be a model."""
    names = [name for name in _files_of(ws, path) if not name.startswith(".")]
    likely = [name for name in names if looks_like_model(name)] or names
    return f"{path}/{likely[0]}" if len(likely) == 1 else path


def _files_of(ws: Workspace, path: str) -> list[str]:
    """The names of the regular files in a folder of the workspace; none where it is no folder."""
    folder = ws.repo / path
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(one.name for one in folder.iterdir() if one.is_file() and not one.is_symlink())


def _held_out(ws: Workspace, pipeline: Pipeline, roles: Roles) -> Split:
    try:
        found = split_held_out(held_out_tables(ws, pipeline, roles))
    except MalformedEvidence as malformed:
        raise NoScores(f"the held-out data cannot be read: {malformed}", no_rows=True) from malformed
    if found is None:
        paths = _held_out_paths(pipeline, roles)
        raise NoScores(f"no label column {LABEL!r} in {' or '.join(paths) or 'any data'}", no_rows=True)
    return found


def held_out_tables(ws: Workspace, pipeline: Pipeline, roles: Roles) -> list[Table]:
    """The held-out data of the state in a workspace; raises MalformedEvidence where it cannot be read."""
    paths = held_out_files(ws, _held_out_paths(pipeline, roles))
    files = [(path, ws.read(path, LARGEST)) for path in paths]
    return [read_table(path, data) for path, data in files if data is not None]


def _held_out_paths(pipeline: Pipeline, roles: Roles) -> tuple[str, ...]:
    return roles.held_out or _prepared_and_not_trained_on(pipeline, roles)


def _prepared_and_not_trained_on(pipeline: Pipeline, roles: Roles) -> tuple[str, ...]:
    """What stands for the held-out data where evaluate does not declare what it reads."""
    prepared = [path for address in roles.prepare for path in pipeline.stage(address).out_paths]
    train = [pipeline.stage(address) for address in roles.train]
    return tuple(path for path in prepared if not any(stage.reads(path) for stage in train))


def split_held_out(tables: Sequence[Table]) -> Split | None:
    """Features and labels of the held-out data, in one file or in two; None when no label column is found.

    Of two tables with as many rows, the one with a single column holds the labels. A column that numbers the
    rows counts as none; among the features it stays, for a model that was fitted on it. What is named after
    validation rows comes last.
    """
    plain = [(table, without_index(table)) for table in sorted(tables, key=lambda one: otherness(one.path))]
    wide = [(table, bare) for table, bare in plain if len(bare.columns) > 1]
    narrow = [bare for _, bare in plain if len(bare.columns) == 1]
    for table, bare in wide:
        if named := next(
            (column for name in LABELS for column in bare.columns if column.lower() == name), None
        ):
            return split_label(table, named)
    pairs = (join_label(features, labels) for features, _ in wide for labels in narrow)
    if joined := next((pair for pair in pairs if pair is not None), None):
        return joined
    guesses = ((table, label_column(bare, ())) for table, bare in wide)
    return next((split_label(table, column) for table, column in guesses if column), None)


def reported_scores(files: Mapping[str, bytes]) -> Scores | None:
    """The scores of the metrics file that has most of them; None when no file can be read.

    Where none has all four, but all files together have, it is those of all: each may have a file of its own.
    """
    read = {}
    for path, data in files.items():
        try:
            read[path] = load_metrics(path, data)
        except MalformedEvidence:
            continue
    fullest = max(map(find_scores, read.values()), key=lambda scores: len(scores.values), default=None)
    together = find_scores({PurePosixPath(path).stem: dict(values) for path, values in read.items()})
    return together if fullest and not fullest.complete and together.complete else fullest


def held_out_files(ws: Workspace, paths: Sequence[str]) -> list[str]:
    """The files among these paths; of a folder, its files whose name says that they are not for training."""
    found: list[str] = []
    for path in paths:
        folder = ws.repo / path
        if folder.is_dir() and not folder.is_symlink():
            names = _files_of(ws, path)
            test = [name for name in names if "train" not in name.lower() and not name.startswith(".")]
            found += [f"{path}/{name}" for name in test]
        else:
            found.append(path)
    return found
