"""The harness's own experiments on a small lab: run, compared, applied, and shared with a fresh clone."""

from __future__ import annotations

import pytest

from harness.errors import CheckFailed
from harness.labs.dvc_versioning import exploring_rule
from harness.labs.dvc_versioning.exploring import Exploring, Runs, leaves, rows
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.small_lab import DATA, SECOND, SmallLab

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
