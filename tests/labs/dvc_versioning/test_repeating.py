"""Repeating a handed-in experiment: stage by stage where that settles it, by DVC where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.labs.dvc_versioning.handed_in_experiments import Counted
from harness.labs.dvc_versioning.repeating import gaps, made_its_model, repeat
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import md5_of
from tests.labs.dvc_versioning.small_lab import FILES, SmallLab, changed

RIGHT = {"accuracy": 0.1, "f1": 0.1}
FROZEN = FILES["dvc.yaml"].replace("cmd: sh score.sh", "frozen: true\n    cmd: sh score.sh")


@pytest.fixture
def genuine(small_lab: SmallLab, reproduced: Workspace) -> Counted:
    """The graded commit as an experiment, with the scores and the model that come out there."""
    model = md5_of(reproduced.read("forest.pkl") or b"")
    return Counted("exp-a", small_lab.case.commit, {}, RIGHT, "ref", {"forest.pkl": model})


def commands(workspace: Workspace) -> list[str]:
    """What was run in a workspace, but for Git."""
    return [step.line for step in workspace.steps if step.argv[0] != "git"]


def test_what_comes_out_as_handed_in_needs_no_dvc(
    small_lab: SmallLab, genuine: Counted, tmp_path: Path
) -> None:
    """Each stage runs once, in its order, at the experiment's commit."""
    workspace = small_lab.start(tmp_path / "a")
    found = repeat(small_lab.course, workspace, genuine)
    assert commands(workspace) == ["sh -c 'sh split.sh'", "sh -c 'sh fit.sh'", "sh -c 'sh score.sh'"]
    assert (gaps(genuine, found), made_its_model(genuine, found)) == ([], True)
    assert found.scored is not None
    assert found.placed


@pytest.mark.parametrize(
    "other", [{"scores": {"accuracy": 0.1, "f1": 0.9}}, {"outs": {"forest.pkl": "f" * 32}}, {"outs": {}}]
)
def test_dvc_has_the_last_word_about_what_does_not(
    small_lab: SmallLab, genuine: Counted, tmp_path: Path, other: dict[str, object]
) -> None:
    """Other scores, another model than recorded, or none recorded: all of it is run again by `dvc repro`."""
    workspace = small_lab.start(tmp_path / "a")
    told = replace(genuine, **other)  # type: ignore[arg-type]  # any field of it
    found = repeat(small_lab.course, workspace, told)
    assert commands(workspace)[-1] == "dvc repro -f --no-run-cache"
    assert found.completed.stages == ("split", "fit", "score")
    assert gaps(told, found) == (["f1"] if "scores" in other else [])


def test_dvc_starts_from_the_commit_and_not_from_what_was_tried(
    student_work: Workspace, genuine: Counted, tmp_path: Path
) -> None:
    """What the first try left lying about is gone, and what it changed is as it was."""
    mess = "echo x >> left-over.txt\necho : >> score.sh\n"
    lab = changed(student_work, tmp_path, {"split.sh": FILES["split.sh"] + mess})
    workspace = lab.start(tmp_path / "a")
    repeat(lab.course, workspace, replace(genuine, commit=lab.case.commit, outs={}))
    assert workspace.read("left-over.txt") == b"x\n"
    assert workspace.read("score.sh") == FILES["score.sh"].encode() + b":\n"
    lab.close()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"dvc.yaml": FROZEN}, "score did not run"),
        ({"fit.sh": "exit 3\n"}, "exit code"),
        ({"dvc.yaml": FILES["dvc.yaml"].replace("[fit.sh", "[nowhere.txt, fit.sh")}, "nowhere.txt"),
        ({"dvc.yaml": FILES["dvc.yaml"].replace("[forest.pkl]", "[forest.pkl, report.txt]")}, "report.txt"),
        ({"dvc.yaml": FILES["dvc.yaml"].replace("max_depth]", "max_depth, fit.nothing]")}, "fit.nothing"),
        ({".gitignore": "/*.csv\n", "forest.pkl": "a forest\n"}, "'forest.pkl' is already tracked by"),
    ],
    ids=[
        "frozen",
        "fails",
        "no such dependency",
        "an output that nothing makes",
        "no such parameter",
        "an output in Git too",
    ],
)
def test_what_dvc_would_not_run_is_not_run_for_it(
    student_work: Workspace, genuine: Counted, tmp_path: Path, files: dict[str, str], found: str
) -> None:
    """It is DVC that says so."""
    lab = changed(student_work, tmp_path, files)
    with pytest.raises(CheckFailed) as failure:
        repeat(lab.course, lab.start(tmp_path / "a"), replace(genuine, commit=lab.case.commit))
    assert found in failure.value.found
    lab.close()


def test_folders_that_a_stage_has_closed_are_in_nobodys_way(
    student_work: Workspace, genuine: Counted, tmp_path: Path
) -> None:
    """The next experiment in the same workspace runs as the first one did."""
    closed = "mkdir -p scratch && echo x > scratch/rows && chmod 555 scratch\n"
    files = {"split.sh": FILES["split.sh"] + closed, ".gitignore": FILES[".gitignore"] + "/scratch\n"}
    lab = changed(student_work, tmp_path, files)
    workspace, experiment = lab.start(tmp_path / "a"), replace(genuine, commit=lab.case.commit)
    first, second = (repeat(lab.course, workspace, experiment).state for _ in range(2))
    assert first == second
    lab.close()
