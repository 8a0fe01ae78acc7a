"""What the checks of the lab are given: what was handed in, read once, and the scenarios' results."""

from __future__ import annotations

import contextlib
import threading
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest

from harness.evidence.repository import GitRepository
from harness.labs.dvc_versioning.advice import advice
from harness.labs.dvc_versioning.augmenting import augmented_versions
from harness.labs.dvc_versioning.case import Case
from harness.labs.dvc_versioning.course import Course
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.objects import Objects
from harness.labs.dvc_versioning.oral import facts
from harness.labs.dvc_versioning.plan import Plan
from harness.labs.dvc_versioning.reproduction import repro_command
from harness.labs.dvc_versioning.results import Results
from harness.labs.dvc_versioning.versions import Dataset, recovery_for
from harness.workspace.copies import Copies
from harness.workspace.pipelines import describe_pipelines
from harness.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from harness.grading.gradebook import Gradebook
    from harness.labs.limits import LabLimits
    from harness.labs.session import Prepared
    from harness.submission import Submission
    from harness.workspace.launcher import Launcher
    from harness.workspace.scenario import Scenario
    from harness.workspace.scenario_tree import ScenarioTree

MOST_TAKEN_ALONG = 50


@pytest.fixture(scope="session")
def start_workspace(
    submission: Submission, launcher: Launcher, limits: LabLimits, workspace_root: Path
) -> Callable[[Path], Workspace]:
    """Makes a workspace of the submission in a folder: the graded commit, a copy of one fresh clone."""
    clone = partial(
        Workspace.create,
        repository=submission.repository,
        commit=submission.commit,
        branch=submission.branch,
        others=_experiments_of(submission),
        limits=limits.fresh(),
        launcher=launcher,
    )
    return Copies(clone, workspace_root / "fresh")


def _experiments_of(submission: Submission) -> tuple[str, ...]:
    """The commits of handed-in experiments that every workspace gets; those of more come when asked for."""
    with contextlib.closing(GitRepository(submission.repository)) as repository:
        found = repository.refs("refs/exps/").values()
    return tuple(dict.fromkeys(found))[:MOST_TAKEN_ALONG]


@pytest.fixture(scope="session")
def desk(
    start_workspace: Callable[[Path], Workspace], workspace_root: Path
) -> Callable[[], AbstractContextManager[Workspace]]:
    """Gives, to one at a time, a workspace in which DVC is asked what it makes of the commits.

    No stage ever runs in it.
    """
    taken = threading.Lock()
    made = cache(lambda: start_workspace(workspace_root / "desk"))

    @contextlib.contextmanager
    def at_the_desk() -> Iterator[Workspace]:
        with taken:
            yield made()

    return at_the_desk


@pytest.fixture(scope="session")
def dag(case: Case, desk: Callable[[], AbstractContextManager[Workspace]]) -> str:
    """What `dvc dag` draws of the graded pipeline; nothing of one that DVC cannot load."""
    pipeline = case.pipeline(case.commit)
    if pipeline.error:
        return ""
    command = repro_command(pipeline, case.dvc_root)
    with desk() as workspace:
        return workspace.run("dvc", "dag", cwd=command.folder).stdout


@pytest.fixture(scope="session")
def case(submission: Submission, desk: Callable[[], AbstractContextManager[Workspace]]) -> Case:
    """What was handed in, read from Git."""

    def describe(commits: Sequence[str]) -> Mapping[str, object]:
        with desk() as workspace:
            workspace.take(*commits)
            return describe_pipelines(workspace, commits)

    return Case(submission, describe)


@pytest.fixture(scope="session")
def dataset(case: Case, start_workspace: Callable[[Path], Workspace], workspace_root: Path) -> Dataset:
    """The dataset's versions, with the bytes that could be recovered."""
    store = workspace_root / "recovered"
    return Dataset(
        case,
        recovery_for(case, store),
        lambda: augmented_versions(case, start_workspace(workspace_root / "augmenting")),
        store,
    )


@pytest.fixture(scope="session")
def objects(case: Case, dataset: Dataset) -> Objects:
    """The DVC objects that were handed in."""
    return Objects(case, dataset)


@pytest.fixture(scope="session")
def experiments(case: Case) -> HandedInExperiments:
    """The experiments that were handed in."""
    return HandedInExperiments(case)


@pytest.fixture(scope="session")
def course(
    case: Case, dataset: Dataset, prepared: Prepared, start_workspace: Callable[[Path], Workspace]
) -> Course:
    """What the scenarios do to a workspace."""
    return Course(case, dataset, prepared.options.seed, start_workspace)


@pytest.fixture(scope="session")
def planned(course: Course, objects: Objects, experiments: HandedInExperiments, prepared: Prepared) -> Plan:
    """The scenario tree of this submission."""
    return Plan(course, objects, experiments, prepared.options.thorough)


@pytest.fixture(scope="session")
def scenarios(planned: Plan) -> Iterator[Scenario]:
    """The scenarios that the harness plays for this submission, planned while the first one runs."""
    return planned.scenarios()


@pytest.fixture(scope="session")
def results(
    transcripts: ScenarioTree,
    case: Case,
    dataset: Dataset,
    experiments: HandedInExperiments,
    gradebook: Gradebook,
) -> Iterator[Results]:
    """What the scenarios found; after the last check, advice and the facts for the oral questions follow."""
    results = Results(transcripts, transcripts.names)
    yield results
    for flag, text in (*advice(case, dataset, results), *results.random_edits()):
        gradebook.flag(flag, text)
    gradebook.tell(**facts(case, dataset, experiments, results))
