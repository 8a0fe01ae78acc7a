"""Which stages prepare data, train and evaluate, told by the data that flows between them, not by name.

The stages that make the scores evaluate; what they read that comes out of a fit is the model; what makes the
model trains; what lies before both prepares the data. Names decide only where the graph leaves two answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.evidence.pipeline import Pipeline, overlaps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_MODEL_ENDINGS = re.compile(
    r"\.(pkl|pickle|joblib|sav|skops|onnx|h5|keras|pt|pth|ckpt|cbm|ubj|bin|dill|mlmodel)$", re.IGNORECASE
)
_DATA_ENDINGS = re.compile(r"\.(csv|tsv|parquet|feather|arrow|npy|npz|jsonl|xlsx|arff)$", re.IGNORECASE)
_NOTE_ENDINGS = re.compile(r"\.(json|ya?ml|toml|txt|md|html|png|svg)$", re.IGNORECASE)
_THRESHOLD = re.compile(r"(threshold|cut.?off|limit)[^/]*\.(json|ya?ml|toml|txt)$", re.IGNORECASE)
_DATA_NAME = re.compile(
    r"^(x|y|train|test|val|valid|validation|data|dataset|features?|labels?|rows|splits?)[_.-]", re.IGNORECASE
)
_MODEL_WORDS = re.compile(r"model|classif|estimator|regressor|forest|weights", re.IGNORECASE)
_TRAINING_WORDS = re.compile(r"train|fit", re.IGNORECASE)
_DATA, _UNCLEAR, _MODEL = range(3)


@dataclass(frozen=True)
class Roles:
    """The stages by what they do, in topological order, and the data between them.

    `models` and `held_out` are paths, the narrower where a folder was declared on one side. One stage may be
    in `train` and in `evaluate`, when it does both.
    """

    raw: tuple[str, ...]
    prepare: tuple[str, ...]
    train: tuple[str, ...]
    evaluate: tuple[str, ...]
    models: tuple[str, ...]
    held_out: tuple[str, ...]

    @property
    def model(self) -> str | None:
        """The path of the model; with several, the first."""
        return self.models[0] if self.models else None

    def of(self, address: str) -> str | None:
        """`prepare`, `train` or `evaluate`, or None for a stage that does none of these."""
        roles = {"train": self.train, "evaluate": self.evaluate, "prepare": self.prepare}
        return next((role for role, stages in roles.items() if address in stages), None)


def find_roles(
    pipeline: Pipeline,
    *,
    metric_paths: Collection[str],
    raw_paths: Collection[str],
    is_code: Callable[[str], bool],
) -> Roles:
    """The roles of a pipeline's stages; every part may be empty, nothing is raised.

    `metric_paths` are the files that hold the scores; when no stage makes one of them, outputs declared as
    metrics serve. `raw_paths` are the raw data; when no stage reads one, every source serves that is neither
    code nor a params file.
    """
    return _Finder(pipeline, tuple(metric_paths), tuple(raw_paths), is_code).roles()


def looks_like_model(path: str) -> bool:
    """True when a path's ending, or else its name, is one that models have and tables have not."""
    return _nature(path) == _MODEL


def _nature(path: str) -> int:
    if _DATA_ENDINGS.search(path) or _THRESHOLD.search(path):
        return _DATA
    name = PurePosixPath(path).name
    if _MODEL_ENDINGS.search(name) and _DATA_NAME.match(name) and not _MODEL_WORDS.search(name):
        return _DATA  # rows that were pickled
    told_by = name if _NOTE_ENDINGS.search(name) else path  # what lies beside a model is none
    return _MODEL if _MODEL_ENDINGS.search(path) or _MODEL_WORDS.search(told_by) else _UNCLEAR


@dataclass(frozen=True)
class _Finder:
    """Works the roles out, one after the other, each from those before it."""

    pipeline: Pipeline
    metric_paths: tuple[str, ...]
    raw_paths: tuple[str, ...]
    is_code: Callable[[str], bool]

    def roles(self) -> Roles:
        return Roles(self.raw, self.prepare, self.train, self.evaluate, self.models, self.held_out)

    @cached_property
    def shown(self) -> frozenset[str]:
        """Metrics and plots: nothing that a model or held-out data could be."""
        outs = [out for stage in self.pipeline.stages for out in stage.outs]
        declared = {*self.metric_paths, *self.pipeline.metrics, *self.pipeline.plots}
        return frozenset({out.path for out in outs if out.kind != "out"} | declared)

    @cached_property
    def scorers(self) -> frozenset[str]:
        """The makers of the scores, the last by the data that flows; without any, what reads a model."""
        declared = [out.path for stage in self.pipeline.stages for out in stage.outs if out.kind == "metric"]
        for paths in (self.metric_paths, declared, self.pipeline.metrics):
            if makers := {maker for path in paths for maker in self.pipeline.producers(path)}:
                scoring = {maker for maker in makers if self._uses_model(maker)} or makers
                before = {one for maker in scoring for one in self._behind(maker) - {maker}}
                return frozenset(scoring - before)
        readers = {
            stage.address
            for stage in self.pipeline.stages
            if any(looks_like_model(path) for path in self._taken(stage.address))
        }
        return self._last(readers)

    @cached_property
    def evaluate(self) -> tuple[str, ...]:
        """The scorers, and the stages before them that already use the model: those that predict."""
        found = set(self.scorers)
        while added := {maker for maker, path in self._fed(found) if self._predicts(maker, path)} - found:
            found |= added
        return self._sorted(found)

    @cached_property
    def models(self) -> tuple[str, ...]:
        """What the evaluation reads that comes out of a fit; without any, the best guess of all outputs."""
        fed = [(maker, path) for maker, path in self._fed(self.evaluate) if self._may_be_model(maker, path)]
        last = self._last({maker for maker, _ in fed})
        best = max((_nature(path) for maker, path in fed if maker in last), default=_DATA)
        found = [path for maker, path in fed if maker in last and _nature(path) == best]
        if best == _DATA:
            found = list(self._unread_models()) or found
        return tuple(dict.fromkeys(sorted(found, key=lambda path: not _MODEL_WORDS.search(path))))

    @cached_property
    def train(self) -> tuple[str, ...]:
        """The makers of the models, and the stages before them that make but earlier models, and notes."""
        makers = {maker for path in self.models for maker in self.pipeline.producers(path)}
        before = {address for maker in makers for address in self.pipeline.upstream(maker)}
        return self._sorted(makers | {address for address in before if self._makes_models_only(address)})

    @cached_property
    def prepare(self) -> tuple[str, ...]:
        """What lies before training and evaluation; when nothing does, what else reads the raw data."""
        later = {*self.train, *self.evaluate}
        before = {address for stage in later for address in self.pipeline.upstream(stage)} - later
        readers = {address for path in self.raw for address in self.pipeline.consumers(path)} - later
        return self._sorted(before or readers)

    @cached_property
    def raw(self) -> tuple[str, ...]:
        """The given raw data that some stage reads; without any, the sources that are no code."""
        read = [path for path in self.raw_paths if self.pipeline.consumers(path)]
        params = {file for stage in self.pipeline.stages for file in stage.params}
        params |= {*self.pipeline.params_files, *self.shown}
        others = [path for path in self.pipeline.sources() if path not in params and not self.is_code(path)]
        return tuple(read or others)

    @cached_property
    def held_out(self) -> tuple[str, ...]:
        """The data that the evaluation reads and training does not; what both read where it is one thing.

        Training may look at held-out data without learning from it: where it reads all, names decide.
        """
        fed = [(maker, path) for maker, path in self._fed(self.evaluate) if path not in self.models]
        data = [path for maker, path in fed if maker in self.prepare] or [
            path for maker, path in fed if maker in self.train and _nature(path) == _DATA
        ]
        training = {dep for address in self.train for dep in self.pipeline.stage(address).deps}
        own = [path for path in data if path not in training]
        shared = [path for path in data if self._may_hold_both(path)]
        return tuple(dict.fromkeys(own or shared or self._not_for_training(data, training)))

    def _not_for_training(self, data: Collection[str], training: Collection[str]) -> list[str]:
        """Where training reads all data, too: what no name calls training data, if it reads more."""
        found = [path for path in data if not _TRAINING_WORDS.search(PurePosixPath(path).name)]
        prepared = {path for address in self.prepare for path in self.pipeline.stage(address).out_paths}
        more = (prepared & set(training)) - set(found)
        return found if more or set(self.train) & set(self.evaluate) else []

    def _behind(self, address: str) -> frozenset[str]:
        """A stage and all that it follows by data, scores and plots aside."""
        found, waiting = {address}, {address}
        while waiting:
            waiting = {maker for reader in waiting for maker, _ in self._fed({reader})} - found
            found |= waiting
        return frozenset(found)

    def _uses_model(self, maker: str) -> bool:
        """True for a stage that a model reaches by data: none that counts rows or sums up scores."""
        return any(looks_like_model(path) for one in self._behind(maker) for path in self._taken(one))

    def _predicts(self, maker: str, path: str) -> bool:
        """True for a stage that takes a model, makes none, and passes on data, such as a threshold."""
        makes_one = any(looks_like_model(out) for out in self.pipeline.stage(maker).out_paths)
        takes_one = any(looks_like_model(taken) for taken in self._taken(maker))
        return _nature(path) == _DATA and takes_one and not makes_one

    def _may_be_model(self, maker: str, path: str) -> bool:
        """A table can only be a model when its maker reads others' outputs and nothing else follows it."""
        followers = self.pipeline.downstream(maker) - {*self.evaluate, maker}
        return _nature(path) != _DATA or (bool(self._taken(maker)) and not followers)

    def _makes_models_only(self, address: str) -> bool:
        made = [path for path in self.pipeline.stage(address).out_paths if path not in self.shown]
        models = [path for path in made if looks_like_model(path)]
        notes = [path for path in made if _NOTE_ENDINGS.search(path) and _nature(path) != _DATA]
        return address not in self.evaluate and bool(models) and {*models, *notes} == {*made}

    def _may_hold_both(self, path: str) -> bool:
        """True when one path may hold training and held-out data: a folder, or all that its maker makes."""
        stages = [self.pipeline.stage(address) for address in self.pipeline.producers(path)]
        made = {out for stage in stages for out in stage.out_paths if _nature(out) != _MODEL}
        return not PurePosixPath(path).suffix or made == {path}

    def _unread_models(self) -> tuple[str, ...]:
        """Outputs that look like models, of the last stages that make any."""
        made = [(stage.address, path) for stage in self.pipeline.stages for path in stage.out_paths]
        likely = [(maker, path) for maker, path in made if looks_like_model(path) and path not in self.shown]
        last = self._last({maker for maker, _ in likely})
        return tuple(path for maker, path in likely if maker in last)

    def _last(self, addresses: set[str]) -> frozenset[str]:
        """Those that no other of them follows."""
        return frozenset(
            address for address in addresses if not self.pipeline.downstream(address) & addresses - {address}
        )

    def _fed(self, group: Collection[str]) -> list[tuple[str, str]]:
        """(maker, path) of what flows into a group of stages from outside it."""
        return [
            (maker, path)
            for reader in self._sorted(group)
            for maker, path in flows_into(self.pipeline, reader)
            if maker not in group and path not in self.shown
        ]

    def _taken(self, reader: str) -> tuple[str, ...]:
        return tuple(path for _, path in self._fed({reader}))

    def _sorted(self, addresses: Collection[str]) -> tuple[str, ...]:
        return tuple(address for address in self.pipeline.order if address in addresses)


def flows_into(pipeline: Pipeline, reader: str) -> tuple[tuple[str, str], ...]:
    """(maker, path) for each dep of a stage that another stage makes; the narrower of the two paths."""
    return tuple(
        (maker.address, max(dep, out, key=len))
        for dep in pipeline.stage(reader).deps
        for maker in pipeline.stages
        for out in maker.out_paths
        if maker.address != reader and overlaps(dep, out)
    )
