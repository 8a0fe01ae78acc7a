"""The harness's own experiments on a small lab: run, compared, applied, and shared with a fresh clone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.labs.dvc_versioning import exploring_rule
from harness.labs.dvc_versioning.exploring import Exploring, OwnExperiment, Runs, leaves, rows
from harness.workspace.command import Completed
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.small_lab import DATA, FILES, SECOND, SmallLab, changed

EXP_RUN = ("dvc", "exp", "run")
SHOWN = [
    {"rev": "workspace", "data": {}},
    {
        "rev": "c" * 40,
        "experiments": [
            {"revs": [{"name": "odd-name", "data": {"params": 1}}, {"name": None, "data": {}}]},
            {"revs": [{"name": "failed", "data": None}]},
            {"revs": "nothing"},
        ],
    },
]


@pytest.fixture(scope="session")
def explored(
    small_lab: SmallLab, reproduced: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Exploring, Workspace, Runs]:
    """Three experiments that ran; the workspace is to be copied."""
    workspace = reproduced.copy(tmp_path_factory.mktemp("explored") / "a")
    exploring = Exploring(small_lab.course)
    return exploring, workspace, exploring.run(workspace)


Explored = tuple[Exploring, Workspace, Runs]


@pytest.mark.long
def test_three_experiments_run_and_leave_the_branch(explored: Explored) -> None:
    """Each has the parameters that were asked for, and metrics of its own."""
    _, workspace, runs = explored
    assert len({run.name for run in runs.experiments}) == 3
    assert runs.before == runs.after
    assert runs.before[0] == "refs/heads/main"
    assert len({run.files["scores.json"] for run in runs.experiments}) > 1
    assert workspace.read(DATA) == SECOND.encode()
    for run in runs.experiments:
        exploring_rule.refuse_incomplete(run)
        assert str(run) == ", ".join(f"{change.param.key}={change.new}" for change in run.changes)


@pytest.mark.long
def test_the_best_is_listed_and_applied(explored: Explored, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The table has all three, and the workspace is that of the highest score."""
    exploring, workspace, runs = explored
    pipeline = exploring.course.base.pipeline
    applied = exploring.apply(workspace.copy(tmp_path_factory.mktemp("applied") / "a"))
    exploring_rule.refuse_incomplete_table(pipeline, runs, applied)
    exploring_rule.refuse_other_state(
        pipeline, applied.experiment, applied.completed, applied.state, applied.params
    )
    best = max(runs.experiments, key=lambda run: run.files["scores.json"])
    assert applied.state.metrics["scores.json"] == best.files["scores.json"]


@pytest.mark.long
def test_a_fresh_clone_gets_the_experiments(
    explored: Explored, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Pushed to a bare remote, listed, pulled and applied by somebody with an empty cache."""
    exploring, workspace, runs = explored
    shared = exploring.share(workspace.copy(tmp_path_factory.mktemp("shared") / "a"))
    assert shared.listed_names == {run.name for run in runs.experiments}
    assert (shared.pushed.ok, shared.listed.ok, shared.pulled.ok) == (True, True, True)
    exploring_rule.refuse_other_state(
        exploring.course.base.pipeline, shared.experiment, shared.applied, shared.state, shared.params
    )


@pytest.mark.long
def test_values_that_training_refuses_are_followed_by_milder_ones(
    student_work: Workspace, tmp_path: Path
) -> None:
    """One more command, of which nothing is left: three experiments by their names, the branch as it was."""
    grown = FILES["fit.sh"].replace("[ $d -gt 0 ]", "[ $n -ge 10 ]")
    lab = changed(student_work, tmp_path, {"fit.sh": grown})
    workspace, exploring = lab.start(tmp_path / "a"), Exploring(lab.course)
    lab.course.reproduce(workspace)
    runs = exploring.run(workspace)
    for run in runs.experiments:
        exploring_rule.refuse_incomplete(run)
        assert all(abs(one.new - one.param.value) < 25 for one in run.changes)  # type: ignore[operator]  # numbers
    assert [run.name for run in runs.experiments] == ["trial-1", "trial-2", "trial-3"]
    assert len([step for step in workspace.steps if step.argv[:3] == EXP_RUN]) == 4
    assert runs.before == runs.after
    applied, pipeline = exploring.apply(workspace), lab.course.base.pipeline
    assert set(rows(applied.shown)) == {"trial-1", "trial-2", "trial-3"}
    exploring_rule.refuse_incomplete_table(pipeline, runs, applied)
    exploring_rule.refuse_other_state(
        pipeline, applied.experiment, applied.completed, applied.state, applied.params
    )
    lab.close()


@pytest.mark.long
def test_what_refuses_every_value_is_asked_a_few_times(student_work: Workspace, tmp_path: Path) -> None:
    """It is held against the submission then, by what the last one said."""
    never = f'[ -z "$DVC_EXP_NAME" ] || exit 7\n{FILES["fit.sh"]}'
    lab = changed(student_work, tmp_path, {"fit.sh": never})
    workspace, exploring = lab.start(tmp_path / "a"), Exploring(lab.course)
    lab.course.reproduce(workspace)
    runs = exploring.run(workspace)
    assert [run.refused for run in runs.experiments] == [True] * 3
    assert len([step for step in workspace.steps if step.argv[:3] == EXP_RUN]) == 6
    assert runs.before == runs.after
    with pytest.raises(CheckFailed, match="exited with 7"):
        exploring_rule.refuse_incomplete(runs.experiments[0])
    lab.close()


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({}, True),
        ({"exit_code": 0}, False),
        ({"timed_out": True}, False),
        ({"limit": "ran out of memory"}, False),
    ],
)
def test_values_are_to_blame_for_a_failure_only(more: dict[str, object], *, refused: bool) -> None:
    """What was stopped at a limit is not tried again, since that would take as long."""
    done = replace(Completed(EXP_RUN, ".", 1, "", "", 0.1), **more)  # type: ignore[arg-type]  # any field of it
    assert OwnExperiment((), done, None, None, {}).refused is refused
    assert not OwnExperiment((), done, "trial-1", "c" * 40, {}).refused


def test_nothing_is_best_before_anything_ran(small_lab: SmallLab) -> None:
    """What builds on the experiments fails as they did."""
    with pytest.raises(CheckFailed, match="none ran"):
        Exploring(small_lab.course).best()


def test_the_rows_of_a_table_are_its_named_experiments() -> None:
    """Baselines, failed runs and anything unexpected are passed over."""
    assert rows(SHOWN) == {"odd-name": {"params": 1}}
    others: list[object] = [None, 3, {}, [], [{"experiments": None}], [{"experiments": [{"revs": [[]]}]}]]
    assert [rows(table) for table in others] == [{}] * len(others)


def test_leaves_are_dotted_keys_over_all_files() -> None:
    """At any depth; what is no data has none."""
    section = {
        "a.yaml": {"data": {"x": {"y": 1}, "l": [1]}},
        "b.yaml": {"error": "missing"},
        "c.yaml": None,
    }
    assert leaves(section) == [("x.y", 1), ("l", [1])]
    assert leaves(None) == []
