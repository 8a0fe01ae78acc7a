"""Which scenarios are played: those for which a submission has evidence, each from the right state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from fixtures.workspaces import commit_all, write_tree
from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.alone import Alone
from harness.labs.dvc_versioning.course import Course
from harness.labs.dvc_versioning.dataset import lab_data
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.objects import Objects
from harness.labs.dvc_versioning.plan import MOST_REPEATED, Plan
from harness.labs.dvc_versioning.recompute import Scored
from harness.labs.dvc_versioning.sensitivity import Reading
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import PLAIN, Work, larger, lock_file, pointer_to
from tests.labs.dvc_versioning.small_lab import FILES, SmallLab, opened
from tests.labs.dvc_versioning.test_handed_in_experiments import experiment, ran_with

POINTER = "data/raw/data.csv.dvc"
ALWAYS = {
    *("reproduce", "explore", "share", "apply", "train", "split", "script", "model", "again", "alone"),
    *("scored", "taught", "params"),
}


def unplayed(_: Path) -> Workspace:
    """Where no scenario is played."""
    raise NotImplementedError


def planned(work: Work, pipeline: Pipeline = PLAIN) -> Plan:
    """The plan for a submission."""
    case = work.case(pipeline)
    dataset = work.dataset(case)
    return Plan(Course(case, dataset, 1, unplayed), Objects(case, dataset), HandedInExperiments(case))


def more(made: Plan) -> set[str]:
    """What is planned beyond what always is."""
    names = {scenario.name for scenario in made.scenarios()}
    assert names >= ALWAYS
    return names - ALWAYS


def test_a_submission_without_evidence_has_no_more_than_its_pipeline(work: Work) -> None:
    """Nothing to switch, push, repeat or recompute."""
    work.commit({"README.md": b"mine"})
    assert more(planned(work)) == set()


def test_parents_come_before_their_children(work: Work) -> None:
    """Experiments are applied and shared after they ran; all else starts from the first run."""
    work.commit({"README.md": b"mine"})
    made = [*planned(work).scenarios()]
    names = [scenario.name for scenario in made]
    parents = {scenario.name: scenario.parent for scenario in made}
    assert all(parent is None or names.index(parent) < names.index(name) for name, parent in parents.items())
    assert {name for name, parent in parents.items() if parent == "explore"} == {"share", "apply"}
    assert parents["reproduce"] is None


def test_what_leaves_the_workspace_as_it_was_is_followed(work: Work) -> None:
    """Parameters and lessons are tried where the stages ran alone; random edits, if any, start anew."""
    work.commit({"README.md": b"mine"})
    case = work.case(PLAIN)
    dataset = work.dataset(case)
    course, objects = Course(case, dataset, 1, unplayed), Objects(case, dataset)
    for edits, last in ((0, None), (5, "taught")):
        made = Plan(course, objects, HandedInExperiments(case), edits)
        follows = {scenario.name: scenario.follows for scenario in made.scenarios()}
        assert [follows[name] for name in ("params", "scored", "taught")] == ["alone", "params", "scored"]
        assert follows.get("thorough") == last


def _titles(made: Plan) -> dict[str, str]:
    return {scenario.name: scenario.title for scenario in made.scenarios()}


def test_two_known_versions_are_switched(work: Work) -> None:
    """With their bytes; where one is lost, only a script of the student's own can help."""
    work.commit({POINTER: pointer_to(lab_data())})
    work.commit({POINTER: pointer_to(larger())})
    assert more(planned(work)) == set()
    work.commit({"scripts/augment_data.py": b"pass  # mine\n"})
    made = planned(work)
    assert more(made) == {"switch"}
    assert _titles(made)["switch"] == "switch between fresh data versions"
    work.hand_in(larger())
    assert _titles(planned(work))["switch"] == "switch between data versions"


def test_versions_that_differ_are_switched(work: Work) -> None:
    """Whoever takes the first version again at the end has switched back: the other one is between."""
    work.commit({POINTER: pointer_to(lab_data())})
    middle = work.commit({POINTER: pointer_to(larger())})
    work.commit({POINTER: pointer_to(lab_data())})
    for data in (lab_data(), larger()):
        work.hand_in(data)
    play = next(one.play for one in planned(work).scenarios() if one.name == "switch")
    assert isinstance(play, partial)
    assert play.keywords["last"].commit == middle


def test_what_was_handed_in_is_pushed(work: Work) -> None:
    """At the newest commit whose files are all there."""
    work.commit({POINTER: pointer_to(lab_data())})
    work.hand_in(lab_data())
    assert more(planned(work)) == {"push"}


def test_the_locks_own_model_is_scored(work: Work) -> None:
    """Where it and its held-out data were handed in."""
    outs = [{"path": path, "md5": work.hand_in(path.encode())} for path in ("forest.pkl", "test.csv")]
    work.commit({"dvc.lock": lock_file({"fit": {"outs": outs[:1]}, "split": {"outs": outs[1:]}})})
    assert "locked" in more(planned(work))
    work.commit({"dvc.lock": lock_file({"fit": {"outs": outs[:1]}})})
    assert "locked" not in more(planned(work))


def test_handed_in_experiments_are_repeated(work: Work) -> None:
    """As many as there is time for, and nothing that a text tells beside three of them."""
    table = b"| trees | depth | accuracy |\n|---|---|---|\n| 77 | 3 | 0.90 |\n"
    work.commit({**ran_with(100), "README.md": table})
    for trees in range(1, 3):
        experiment(work, f"exp-{trees}", ran_with(trees))
    assert more(planned(work)) == {"repeat-0", "repeat-1", "told-0"}
    for trees in range(3, MOST_REPEATED + 2):
        experiment(work, f"exp-{trees}", ran_with(trees))
    made = planned(work)
    assert len(made.repeated) == MOST_REPEATED
    assert made.told == ()


@pytest.mark.long
def test_stages_are_run_alone_and_their_parameters_tried(
    small_lab: SmallLab, reproduced: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The plays that need no handed-in evidence, on the small lab."""
    plays = plays_of(small_lab)
    root = tmp_path_factory.mktemp("plays")
    alone = plays["alone"](reproduced.copy(root / "a"))
    assert isinstance(alone, dict)
    found = [one for one in alone.values() if isinstance(one, Alone)]
    assert [(one.stage, one.missing, one.deterministic) for one in found] == [
        ("split", (), True),
        ("fit", (), True),
        ("score", (), True),
    ]
    readings = plays["params"](reproduced.copy(root / "b"))
    assert isinstance(readings, dict)
    assert readings["fit"].read == {"fit.n_estimators", "fit.max_depth"}
    locked = plays["locked"](small_lab.start(root / "c"))
    assert isinstance(locked, Scored)
    assert locked.reported is not None


def reproduced_with(student_work: Workspace, root: Path, files: dict[str, str]) -> SmallLab:
    """The small lab with other files, run and committed."""
    source = student_work.copy(root / "source")
    write_tree(source.repo, files)
    source.run("dvc", "repro", "-q", check=True)
    commit_all(source, "do it otherwise")
    return opened(source, root / "store")


def plays_of(lab: SmallLab) -> Mapping[str, Callable[[Workspace], object]]:
    """What is played for a small lab, by name."""
    made = Plan(lab.course, lab.objects, HandedInExperiments(lab.case))
    return {scenario.name: scenario.play for scenario in made.scenarios()}


@pytest.mark.long
def test_a_parameter_in_a_templated_command_is_read(student_work: Workspace, tmp_path: Path) -> None:
    """DVC puts the value into the command line: the script never opens the params file."""
    command = "cmd: sh fit.sh ${fit.n_estimators} ${fit.max_depth}"
    script = "(echo a forest of $1 and $2; cat train.csv) > forest.pkl\n"
    pipeline = FILES["dvc.yaml"].replace("cmd: sh fit.sh", command)
    lab = reproduced_with(student_work, tmp_path, {"dvc.yaml": pipeline, "fit.sh": script})
    plays = plays_of(lab)
    workspace = lab.start(tmp_path / "a")
    plays["reproduce"](workspace)
    plays["alone"](workspace.copy(tmp_path / "b"))
    readings = plays["params"](workspace)
    assert isinstance(readings, dict)
    assert (readings["fit"].read, readings["fit"].unread) == ({"fit.n_estimators", "fit.max_depth"}, set())
    lab.close()


@pytest.mark.long
def test_trials_of_one_stage_are_none_of_the_next_ones_business(
    student_work: Workspace, tmp_path: Path
) -> None:
    """Also where what one leaves behind, and the other reads, is declared by neither."""
    fit, score = FILES["fit.sh"], FILES["score.sh"].replace("forest.pkl", "last.pkl")
    files = {"fit.sh": f"{fit}cp forest.pkl last.pkl\n", "score.sh": score}
    ignored = {".gitignore": f"{FILES['.gitignore']}/last.pkl\n"}
    lab = reproduced_with(student_work, tmp_path, {**files, **ignored})
    plays = plays_of(lab)
    workspace = lab.start(tmp_path / "a")
    plays["reproduce"](workspace)
    alone = plays["alone"](workspace)
    assert isinstance(alone, dict)
    assert {address: one.clear for address, one in alone.items()} == {
        "split": True,
        "fit": True,
        "score": False,
    }
    readings = plays["params"](workspace)
    assert isinstance(readings, dict)
    assert list(readings) == ["split", "fit", "score"]
    assert readings["fit"].read == {"fit.n_estimators", "fit.max_depth"}
    assert readings["score"] == Reading("score")
    lab.close()
