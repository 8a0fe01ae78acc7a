"""Pipelines, states and re-runs as data, and small histories made with Git, for the lab's own rules."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import git
import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.errors import CheckFailed
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.evidence.roles import find_roles
from harness.grading.rubric import CheckSpec
from harness.grading.ruling import Ruling
from harness.labs.dvc_versioning.case import Case
from harness.labs.dvc_versioning.changing import Rerun
from harness.labs.dvc_versioning.course import Reproduction
from harness.labs.dvc_versioning.dataset import lab_data
from harness.labs.dvc_versioning.draws import Change, Param
from harness.labs.dvc_versioning.recompute import Scored, reported_scores
from harness.labs.dvc_versioning.reproduction import Repro, Snapshot, lock_of
from harness.labs.dvc_versioning.results import Results
from harness.labs.dvc_versioning.versions import Dataset, recovery_for
from harness.submission import Submission
from harness.submission.objects import HandedInObjects, scan_objects
from harness.workspace.command import Completed
from harness.workspace.scenario import Scenario
from harness.workspace.scenario_tree import ScenarioTree
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning import small_stage
from tests.labs.dvc_versioning.describing import description
from tests.labs.dvc_versioning.small_lab import SmallLab, opened, work_of_a_student

STUDENT = git.Actor("Student", "student@example.org")
SPLIT = Stage(
    "split",
    "split",
    cmd=("python split.py",),
    deps=("split.py", "data/raw/data.csv"),
    params={"params.yaml": ("split.share",)},
    outs=(Output("train.csv"), Output("test.csv")),
)
FIT = Stage(
    "fit",
    "fit",
    cmd=("python fit.py",),
    deps=("fit.py", "train.csv"),
    params={"params.yaml": ("fit.trees", "fit.depth")},
    outs=(Output("forest.pkl"),),
)
SCORE = Stage(
    "score",
    "score",
    cmd=("python score.py",),
    deps=("score.py", "forest.pkl", "test.csv"),
    outs=(Output("scores.json", cached=False, kind="metric"),),
)
PLAIN = Pipeline((SPLIT, FIT, SCORE))
READS: Mapping[str, frozenset[str] | None] = {
    stage.address: frozenset({*stage.deps, *stage.params}) for stage in PLAIN.stages
}
TREES = Change(Param("params.yaml", "fit.trees", 100), 2)
LABELS = (1, 0, 0, 0)
GUESSES = (1, 1, 0, 0)
RIGHT = {"accuracy": 0.75, "precision": 0.5, "recall": 1.0, "f1": 2 / 3}


def md5_of(data: bytes) -> str:
    """The md5 of some bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def pipeline_with(*stages: Stage, pipeline: Pipeline = PLAIN) -> Pipeline:
    """The pipeline with some of its stages replaced, by their address."""
    mine = {stage.address: stage for stage in stages}
    return replace(pipeline, stages=tuple(mine.get(one.address, one) for one in pipeline.stages))


def locked(stage: Stage, mark: str = "") -> dict[str, object]:
    """A stage's entry in a lock; each of its outputs has bytes that the mark makes others."""
    return {
        "cmd": "; ".join(stage.cmd),
        "outs": [{"path": path, "md5": md5_of(f"{path}{mark}".encode())} for path in stage.out_paths],
    }


def lock_file(entries: Mapping[str, object]) -> bytes:
    """A dvc.lock with these entries."""
    return json.dumps({"schema": "2.0", "stages": entries}).encode()


def state(pipeline: Pipeline, **marks: str) -> Snapshot:
    """The state of a pipeline that ran; a stage's mark makes its lock entry and its outputs others."""
    files: dict[str, dict[str, object]] = {}
    for stage in pipeline.stages:
        files.setdefault(lock_of(stage.file), {})[stage.name] = locked(stage, marks.get(stage.name, ""))
    outs = {
        path: md5_of(f"{path}{marks.get(stage.name, '')}".encode())
        for stage in pipeline.stages
        for path in stage.out_paths
    }
    return Snapshot({file: lock_file(entries) for file, entries in files.items()}, outs, {})


def ran(*stages: str, exit_code: int = 0, argv: tuple[str, ...] = ("dvc", "repro")) -> Completed:
    """A command that has ended, with the stages that it started."""
    return Completed(argv, ".", exit_code, "", "", 0.1, stages=stages)


def rerun(
    pipeline: Pipeline, *stages: str, param: Change | None = TREES, moved: Sequence[str] | None = None
) -> Rerun:
    """A re-run that started some stages, whose outputs (or those of `moved` alone) came out otherwise."""
    marks = dict.fromkeys(stages if moved is None else moved, "again")
    return Rerun(str(param), ran(*stages), state(pipeline), state(pipeline, **marks), param)


def base_of(pipeline: Pipeline = PLAIN, commit: str = "c" * 40) -> Reproduction:
    """A first run of a pipeline, in which everything ran."""
    roles = find_roles(
        pipeline,
        metric_paths=["scores.json"],
        raw_paths=["data/raw/data.csv"],
        is_code=lambda path: path.endswith(".py"),
    )
    return Reproduction(
        commit, pipeline, roles, Repro(".", ()), (), ran(*pipeline.addresses), state(pipeline)
    )


def scored(
    values: Mapping[str, object] | None = RIGHT,
    labels: tuple[int, ...] = LABELS,
    guesses: tuple[int, ...] = GUESSES,
) -> Scored:
    """A run that reported some scores, with the labels and predictions that the harness has for it."""
    reported = None if values is None else reported_scores({"s.json": json.dumps(values).encode()})
    return Scored(reported, labels, guesses)


def ruling_about(points: float) -> Ruling:
    """A ruling about so many points of a check that needs nothing."""
    return Ruling(CheckSpec("D.check", "D", "it holds", points), {})


def pointer_to(data: bytes, name: str = "data.csv", **more: object) -> bytes:
    """A pointer file to some bytes."""
    out = {"md5": md5_of(data), "size": len(data), "hash": "md5", "path": name, **more}
    return json.dumps({"outs": [out]}).encode()


class Work:
    """A submission in the making: commits of files, and DVC objects beside them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "work"
        self.repo = git.Repo.init(self.folder, initial_branch="main")
        self.pipelines: dict[str, Pipeline] = {}
        self.cases: list[Case] = []

    def commit(self, files: Mapping[str, bytes | None], pipeline: Pipeline | None = None) -> str:
        """Commit files (None: removed) on the current branch, with what DVC would make of dvc.yaml."""
        for name, data in files.items():
            if data is None:
                self.repo.index.remove([name], working_tree=True)
                continue
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            self.repo.index.add([name])
        sha = self.repo.index.commit("work", author=STUDENT, committer=STUDENT).hexsha
        if pipeline is not None:
            self.pipelines[sha] = pipeline
        return sha

    def hand_in(self, data: bytes, store: str = ".dvc/cache", suffix: str = "") -> str:
        """Put bytes into a cache or a remote of the submission; returns the md5."""
        md5 = md5_of(data)
        path = self.folder / store / "files" / "md5" / md5[:2] / f"{md5[2:]}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return f"{md5}{suffix}"

    @property
    def objects(self) -> HandedInObjects:
        """The objects that were handed in."""
        return scan_objects(self.folder)

    def case(self, pipeline: Pipeline | None = None) -> Case:
        """The submission as the lab reads it; `pipeline` is that of every commit without one of its own."""
        submission = Submission(
            name="work",
            kind="folder",
            repository=Path(self.repo.git_dir),
            commit=self.repo.head.commit.hexsha,
            branch="main",
            digest="sha256:0",
            objects=self.objects,
        )

        def describe(commits: Sequence[str]) -> Mapping[str, object]:
            known = {sha: self.pipelines.get(sha, pipeline or Pipeline()) for sha in commits}
            return {sha: description(found) for sha, found in known.items()}

        self.cases.append(Case(submission, describe))
        return self.cases[-1]

    def close(self) -> None:
        """End the Git processes that reading has left."""
        self.repo.close()
        for case in self.cases:
            case.repository.close()

    def dataset(self, case: Case, augmented: Sequence[bytes] = ()) -> Dataset:
        """The dataset's history; `augmented` is what the augmentation script would make."""
        store = self.root / "store"
        store.mkdir(exist_ok=True)
        return Dataset(
            case,
            recovery_for(case, store),
            lambda: [(data, f"augmented {times} times") for times, data in enumerate(augmented, 1)],
            store,
        )


ResultsOf = Callable[..., Results]


@pytest.fixture
def results_of(tmp_path: Path) -> Iterator[ResultsOf]:
    """Makes the results of scenarios that found what is given by name; a CheckFailed is their failure."""
    with contextlib.ExitStack() as trees:

        def results(facts: Mapping[str, object]) -> Results:
            plays = [Scenario(name, name, partial(_found, one)) for name, one in facts.items()]
            tree = ScenarioTree(plays, tmp_path / f"tree-{len(facts)}", Workspace, workers=1)
            trees.enter_context(tree).start()
            return Results(tree, frozenset(facts))

        yield results


def _found(fact: object, _: Workspace) -> object:
    if isinstance(fact, CheckFailed):
        raise fact
    return fact


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    """A submission without commits."""
    made = Work(tmp_path)
    yield made
    made.close()


def larger() -> bytes:
    """The lab's data with two of its rows once more."""
    lines = lab_data().splitlines(keepends=True)
    return b"".join([*lines, *lines[1:3]])


@pytest.fixture(scope="session")
def student_work(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small lab as a student hands it in; never to be changed."""
    return work_of_a_student(tmp_path_factory.mktemp("student") / "a")


@pytest.fixture(scope="session")
def small_lab(student_work: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLab]:
    """The small lab, opened."""
    lab = opened(student_work, tmp_path_factory.mktemp("store"))
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def reproduced(small_lab: SmallLab, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which the small lab's pipeline has run from nothing; to be copied."""
    workspace = small_lab.start(tmp_path_factory.mktemp("reproduced") / "a")
    small_lab.course.reproduce(workspace)
    return workspace


@pytest.fixture
def fitted(new_workspace: NewWorkspace) -> Workspace:
    """A workspace in which the small stage can run."""
    workspace = new_workspace()
    write_tree(workspace.repo, small_stage.FILES)
    return workspace
