"""Random edits of the small lab: a right pipeline stands them, a wrong one shows in the fewest edits."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.workspaces import commit_all, write_tree
from harness.errors import CheckFailed
from harness.labs.dvc_versioning.course import Course
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.plan import Plan
from harness.labs.dvc_versioning.results import Results
from harness.labs.dvc_versioning.thorough import Thorough, try_edits
from harness.labs.dvc_versioning.thorough_edits import Edit
from harness.labs.dvc_versioning.thorough_verdict import Fault
from harness.workspace.command import Stopped
from harness.workspace.launcher import Launcher
from harness.workspace.scenario_tree import ScenarioTree
from harness.workspace.warm.launcher import chosen_launcher
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.small_lab import FILES, SmallLab, opened

WIDE = FILES["dvc.yaml"].replace("deps: [split.sh,", "deps: [split.sh, params.yaml,")
FORGETFUL = FILES["dvc.yaml"].replace("[fit.n_estimators, fit.max_depth]", "[fit.max_depth]")
UNREAD = FILES["dvc.yaml"].replace("deps: [score.sh,", "deps: [score.sh, split.sh,")


@pytest.fixture(scope="module")
def warm() -> Iterator[Launcher]:
    """What starts commands quickly."""
    with chosen_launcher(cold=False) as launcher:
        yield launcher


class Played:
    """A changed small lab, played with random edits."""

    def __init__(
        self, student_work: Workspace, root: Path, launcher: Launcher, files: dict[str, str]
    ) -> None:
        self.source = student_work.copy(root / "source")
        write_tree(self.source.repo, files)
        commit_all(self.source, "go on")
        self.lab = opened(self.source, root / "store")
        self.root = root
        self.launcher = launcher

    def start(self, root: Path) -> Workspace:
        """A workspace whose commands start warm."""
        submission = self.lab.case.submission
        return Workspace.create(
            root,
            repository=submission.repository,
            commit=submission.commit,
            branch="main",
            launcher=self.launcher,
        )

    def results(self, count: int, seed: int, tree: contextlib.ExitStack) -> Results:
        """The scenarios up to the random edits, started."""
        course = Course(self.lab.case, self.lab.dataset, seed, self.start)
        every = Plan(course, self.lab.objects, HandedInExperiments(self.lab.case), count).scenarios()
        first, alone, edits = (one for one in every if one.name in {"reproduce", "alone", "thorough"})
        wanted = (first, alone, replace(edits, follows="alone"))  # without what else is played before
        started = tree.enter_context(ScenarioTree(wanted, self.root / f"play-{count}-{seed}", self.start))
        started.start()
        return Results(started, frozenset(one.name for one in wanted))

    def thorough(self, count: int = 12, seed: int = 1) -> Thorough:
        """What the random edits found."""
        with contextlib.ExitStack() as tree:
            found = self.results(count, seed, tree).transcript("thorough").facts
            assert isinstance(found, Thorough)
            return found


@pytest.fixture
def played(student_work: Workspace, tmp_path: Path, warm: Launcher) -> Iterator[Callable[..., Played]]:
    """Makes a played lab of the small one with other files."""
    with contextlib.ExitStack() as labs:

        def make(**files: str) -> Played:
            made = Played(
                student_work, tmp_path, warm, {name.replace("_", "."): t for name, t in files.items()}
            )
            labs.callback(made.lab.close)
            return made

        yield make


def digest(folder: Path) -> str:
    """One digest of all files of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()


@pytest.mark.long
def test_a_right_pipeline_stands_them_all(played: Callable[..., Played]) -> None:
    """Nothing is found, the student's folder is as it was, and the text says how many were tried."""
    right = played()
    before = digest(right.source.repo)
    found = right.thorough(12)
    assert (found.tried, found.fault, found.edits) == (12, None, ())
    assert found.text == "12 random edits tried (seed 1): DVC re-ran what it should each time"
    assert digest(right.source.repo) == before


@pytest.mark.long
def test_a_params_file_among_the_deps(played: Callable[..., Played]) -> None:
    """One edit of a parameter that the stage does not read shows that it runs for nothing."""
    found = played(dvc_yaml=WIDE).thorough()
    assert found.fault is not None
    assert [edit.kind for edit in found.edits] == ["parameter"]
    assert found.edits[0].key.startswith("fit.")
    assert found.fault.found.startswith("split ran again, because its `deps` list params.yaml")
    assert found.fault.hint.startswith("Remove `- params.yaml` from the `deps` of `split` in dvc.yaml")
    assert "  1. change fit." in found.text
    assert "then `dvc repro`" in found.text


@pytest.mark.long
def test_an_undeclared_parameter(played: Callable[..., Played]) -> None:
    """Its change leaves a stale model, and the hint names key and stage; the same seed finds the same."""
    forgetful = played(dvc_yaml=FORGETFUL)
    found = forgetful.thorough(20, seed=2)
    assert found.fault is not None
    assert [edit.key for edit in found.edits] == ["fit.n_estimators"]
    assert found.fault.expected == "fit runs after this, since it reads fit.n_estimators"
    assert "forest.pkl is not what a run of everything (`dvc repro -f`) makes" in found.fault.found
    assert found.fault.hint == "List fit.n_estimators under the `params` of `fit` in dvc.yaml."


@pytest.mark.long
def test_a_dependency_that_is_not_read(played: Callable[..., Played]) -> None:
    """A comment in a file that a stage declares without reading it runs that stage for nothing."""
    found = played(dvc_yaml=UNREAD).thorough(40)
    assert found.fault is not None
    assert (len(found.edits), found.edits[0].path) == (1, "split.sh")
    assert (
        found.fault.hint
        == "Remove `- split.sh` from the `deps` of `score` in dvc.yaml: it does not read that."
    )


@pytest.mark.long
def test_parameters_in_a_command(played: Callable[..., Played]) -> None:
    """Where DVC fills parameters into commands each new value is another command, and nothing is wrong."""
    filled = FILES["dvc.yaml"].replace("sh fit.sh", "sh fit.sh ${fit.max_depth}")
    assert played(dvc_yaml=filled).thorough(8).fault is None


@pytest.mark.long
def test_what_chance_makes_is_not_judged(played: Callable[..., Played]) -> None:
    """Where two runs of the unchanged pipeline differ nothing can be told, and the advice says so."""
    score = FILES["score.sh"].replace("0.$n 0.$n", "0.$(date +%N) 0.$n")
    with contextlib.ExitStack() as tree:
        results = played(score_sh=score).results(4, 1, tree)
        assert isinstance(results.tree.transcript("thorough").failure, CheckFailed)
        (advice,) = results.random_edits()
    assert advice[0] == "thorough"
    assert "two runs of the unchanged pipeline make the same bytes; found scores.json differs" in advice[1]


@pytest.mark.long
def test_it_can_be_called_off(played: Callable[..., Played]) -> None:
    """When the tree is closed, as Ctrl-C does, the running command is killed and no folder stays."""
    right = played()
    with contextlib.ExitStack() as tree:
        results = right.results(200, 1, tree)
        results.reproduction()
    with pytest.raises(Stopped):
        results.tree.transcript("thorough")
    assert not (right.root / "play-200-1").exists()


def test_none_are_tried_unless_asked_for(small_lab: SmallLab) -> None:
    """Without a number there is no such scenario, and no advice."""
    made = Plan(small_lab.course, small_lab.objects, HandedInExperiments(small_lab.case))
    assert "thorough" not in {one.name for one in made.scenarios()}


def test_the_text_names_every_edit() -> None:
    """A sequence is numbered, and says what was expected, found and what to do."""
    edits = (Edit("data", "d", "remove row 1 of d"), Edit("undo", "d", "put d back as it was"))
    assert Thorough(9, 4, edits, Fault("this", "that", "Do it.")).text.splitlines() == [
        "These edits go wrong (found at random edit 9, seed 4):",
        "  1. remove row 1 of d, then `dvc repro`",
        "  2. put d back as it was, then `dvc repro`",
        "  expected: this",
        "  found: that",
        "  hint: Do it.",
    ]


def test_no_course_is_run_for_nothing(small_lab: SmallLab, reproduced: Workspace, tmp_path: Path) -> None:
    """Of no edits none is tried."""
    small_lab.course.alone = {}
    assert try_edits(small_lab.course, 0, reproduced.copy(tmp_path / "copy")) == Thorough(0, 1)
