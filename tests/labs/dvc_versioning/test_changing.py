"""The plays in which one thing is changed: what runs again, and where the next one can start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.labs.dvc_versioning.changing import Changing, Rerun, changed_nothing, succeeded
from harness.workspace.scenario import Transcript
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import ran
from tests.labs.dvc_versioning.small_lab import DATA, FILES, SmallLab, changed


@pytest.mark.parametrize(
    ("play", "ran"),
    [
        (Changing.again, ()),
        (Changing.change_train, ("fit", "score")),
        (Changing.change_split, ("split", "fit", "score")),
        (Changing.edit_evaluate, ("score",)),
    ],
)
def test_a_change_runs_what_it_must(
    small_lab: SmallLab,
    reproduced: Workspace,
    tmp_path: Path,
    play: Callable[[Changing, Workspace], Rerun],
    ran: tuple[str, ...],
) -> None:
    """Nothing, training, everything, or the evaluation alone."""
    workspace = reproduced.copy(tmp_path / "copy")
    found = play(Changing(small_lab.course), workspace)
    assert found.completed.ok, found.completed.describe()
    assert found.completed.stages == ran
    assert (found.before.locks == found.after.locks) is (not ran)


def test_the_change_is_the_most_telling_one(
    small_lab: SmallLab, reproduced: Workspace, tmp_path: Path
) -> None:
    """The number of trees, with a value drawn from the seed, and scores of the changed run."""
    found = Changing(small_lab.course).change_train(reproduced.copy(tmp_path / "copy"))
    assert found.param is not None
    assert found.param.param.key == "fit.n_estimators"
    assert found.param.new in {1, 2, 3}
    assert found.change == f"fit.n_estimators from 100 to {found.param.new}"
    assert found.scored is not None
    assert found.scored.reported is not None
    assert found.scored.reported.values["f1"] == found.param.new / 10


def test_a_deleted_model_comes_back(small_lab: SmallLab, reproduced: Workspace, tmp_path: Path) -> None:
    """With the bytes that it had."""
    found = Changing(small_lab.course).delete_model(reproduced.copy(tmp_path / "copy"))
    assert found.after.outs["forest.pkl"] == found.before.outs["forest.pkl"] is not None


@pytest.mark.long
def test_a_value_that_the_pipeline_refuses_is_followed_by_another(
    student_work: Workspace, tmp_path: Path
) -> None:
    """Some parameters have a least value: the next one is changed instead."""
    found, params = _refusing_small_ones(student_work, tmp_path)
    assert found.param is not None
    assert found.param.param.key == "fit.max_depth"
    assert b"n_estimators: 100" in params


@pytest.mark.long
def test_where_every_parameter_is_refused_a_nearer_value_is_tried(
    student_work: Workspace, tmp_path: Path
) -> None:
    """Of the only parameter, a value near the present one."""
    alone = FILES["dvc.yaml"].replace("[fit.n_estimators, fit.max_depth]", "[fit.n_estimators]")
    found, _ = _refusing_small_ones(student_work, tmp_path, {"dvc.yaml": alone})
    assert found.param is not None
    assert found.param.param.key == "fit.n_estimators"
    assert found.param.new in range(80, 100)


def _refusing_small_ones(
    student_work: Workspace, root: Path, files: Mapping[str, str] | None = None
) -> tuple[Rerun, bytes]:
    """The re-run of a training that refuses fewer than fifty trees, and the parameters afterwards."""
    careful = f"{FILES['fit.sh']}[ $n -gt 50 ] || exit 1\n"
    lab = changed(student_work, root, {"fit.sh": careful, **(files or {})})
    workspace = lab.start(root / "a")
    lab.course.reproduce(workspace)
    found = Changing(lab.course).change_train(workspace)
    assert found.completed.ok
    lab.close()
    return found, workspace.read("params.yaml") or b""


@pytest.mark.long
def test_without_parameters_the_raw_data_is_changed(student_work: Workspace, tmp_path: Path) -> None:
    """A split without a parameter gets other data, with every third row left out; training needs one."""
    bare = FILES["dvc.yaml"].replace("    params: [split.rows]\n", "")
    lab = changed(
        student_work,
        tmp_path,
        {"dvc.yaml": bare.replace("    params: [fit.n_estimators, fit.max_depth]\n", "")},
    )
    workspace = lab.start(tmp_path / "a")
    lab.course.reproduce(workspace)
    found = Changing(lab.course).change_split(workspace)
    assert found.change == f"leaving every third row out of {DATA}"
    assert found.completed.stages == ("split", "fit", "score")
    with pytest.raises(CheckFailed, match="a numeric parameter that fit declares"):
        Changing(lab.course).change_train(workspace)
    lab.close()


def test_changes_go_on_where_another_left_off(
    small_lab: SmallLab, reproduced: Workspace, tmp_path: Path
) -> None:
    """Each is held against the state that it found, and runs what it would run from a copy."""
    changing, one, other = Changing(small_lab.course), reproduced.copy(tmp_path / "1"), tmp_path / "2"
    quiet = [changing.again(one), changing.delete_model(one), changing.edit_evaluate(one)]
    assert [rerun.completed.stages for rerun in quiet] == [(), (), ("score",)]
    assert [changed_nothing(transcript_of(rerun)) for rerun in quiet] == [True, True, False]
    two = reproduced.copy(other)
    train, split = changing.change_train(two), changing.change_split(two)
    assert succeeded(transcript_of(train))
    assert (train.before, split.before) == (small_lab.course.base.state, train.after)
    assert split.completed.stages == ("split", "fit", "score")


def transcript_of(rerun: object) -> Transcript:
    """The transcript of a scenario that found this."""
    return Transcript("a", "A", (), rerun, None, 0.0)


def test_what_failed_leaves_nothing_to_go_on_from(
    small_lab: SmallLab, reproduced: Workspace, tmp_path: Path
) -> None:
    """Neither a re-run that failed, nor a scenario without one."""
    rerun = Changing(small_lab.course).again(reproduced.copy(tmp_path / "copy"))
    failed = replace(rerun, completed=ran(exit_code=1))
    for transcript in (transcript_of(failed), transcript_of(None)):
        assert not changed_nothing(transcript)
        assert not succeeded(transcript)


@pytest.mark.long
def test_a_split_that_fails_with_another_training_is_tried_with_the_first(
    student_work: Workspace, tmp_path: Path
) -> None:
    """A pipeline may refuse what a small model makes of the new split: that is no fault of the split."""
    picky = f"{FILES['fit.sh']}[ $n -gt 50 ] || [ $(wc -l < train.csv) -eq 4 ] || exit 1\n"
    lab = changed(student_work, tmp_path, {"fit.sh": picky})
    workspace = lab.start(tmp_path / "a")
    lab.course.reproduce(workspace)
    changing = Changing(lab.course)
    train = changing.change_train(workspace)
    split = changing.change_split(workspace)
    assert train.completed.ok
    assert split.completed.ok, split.completed.describe()
    assert split.completed.stages == ("split", "fit", "score")
    lab.close()
