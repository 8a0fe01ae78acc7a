"""The numbers that an evaluation may set as a threshold."""

from __future__ import annotations

import pickle
import tracemalloc
from fractions import Fraction

import joblib
import numpy as np
import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.evidence.pipeline import Stage
from harness.labs.dvc_versioning.thresholds import (
    LARGEST,
    LARGEST_TEXT,
    MOST_KEPT,
    MOST_LIMITS,
    MOST_OPCODES,
    limits_of,
)


def test_thresholds_are_numbers_of_the_script_and_parameters(new_workspace: NewWorkspace) -> None:
    """Between 0 and 1, and declared: other keys, whole numbers and files that cannot be read name none."""
    workspace = new_workspace()
    params = "score: {limit: 0.75, folds: 5, on: true, off: 0, all: 1.0}\nother: {limit: 0.2}\n"
    script = "x = 0.6\ny = v1.5 + .25 + 10.5 + 1e-3 + 0.6.7  # "
    write_tree(workspace.repo, {"params.yaml": params, "torn.yaml": "a: ["})
    (workspace.repo / "e.py").write_bytes(script.encode() + b"\xe9 of Latin 1\n")
    stage = Stage(
        "e", "e", deps=("e.py", "gone.py"), params={"torn.yaml": (), "no.yaml": (), "params.yaml": ("score",)}
    )
    found = {"score.limit": 0.75, "0.6": 0.6, ".25": 0.25}
    assert limits_of(workspace, [stage]) == found
    other = Stage("f", "f", params={"params.yaml": ("other",)})
    assert limits_of(workspace, [stage, other]) == {**found, "other.limit": 0.2}


def test_no_script_names_more_than_a_few(new_workspace: NewWorkspace) -> None:
    """A list of all numbers that there are would make any scores right."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"e.py": " ".join(f"0.{place:03}" for place in range(1, 200))})
    assert len(limits_of(workspace, [Stage("e", "e", deps=("e.py",))])) == MOST_LIMITS


@pytest.mark.parametrize("limit", [0.37, np.float64(0.37)])
def test_thresholds_may_be_kept_with_the_model(limit: float, new_workspace: NewWorkspace) -> None:
    """As number of Python or NumPy, in a pickle that is only looked through, or in a file of settings."""
    workspace = new_workspace()
    kept = {"model": Fraction(1, 3), "rows": 463, "share": 1.5, "whole": 1.0, "threshold": limit}
    (workspace.repo / "kept.pkl").write_bytes(pickle.dumps(kept))
    write_tree(
        workspace.repo, {"l.json": '{"best": {"limit": 0.4, "rows": 3}}', "t.csv": "a: 0.2", "torn.json": "{"}
    )
    found = limits_of(workspace, [], ["kept.pkl", "l.json", "t.csv", "torn.json", "gone.json"])
    assert found == {"threshold of kept.pkl": 0.37, "best.limit of l.json": 0.4}
    (workspace.repo / "kept.pkl").write_bytes(pickle.dumps(kept)[:-30])
    assert limits_of(workspace, [], ["kept.pkl"]).keys() <= {"threshold of kept.pkl"}


@pytest.mark.parametrize("compress", [0, 3, ("xz", 1)])
def test_thresholds_may_stand_behind_a_models_arrays(compress: object, new_workspace: NewWorkspace) -> None:
    """As joblib writes them, into a file that may be compressed."""
    workspace = new_workspace()
    arrays = [np.linspace(2, 3, 999), np.arange(5), np.full((3, 2), 0.25)]
    kept = {"model": arrays, "threshold": 0.37, "columns": ["a"], "own": np.float64(0.38)}
    joblib.dump(kept, workspace.repo / "kept.joblib", compress=compress)
    found = limits_of(workspace, [], ["kept.joblib"])
    assert found == {"threshold of kept.joblib": 0.37, "own of kept.joblib": 0.38}


def test_a_file_too_large_for_settings_holds_no_threshold(new_workspace: NewWorkspace) -> None:
    """Whatever it is, it is no reason to stop."""
    workspace = new_workspace()
    with (workspace.repo / "l.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    assert limits_of(workspace, [], ["l.json"]) == {}


def test_a_number_without_a_name_is_a_threshold_too(new_workspace: NewWorkspace) -> None:
    """As the one thing in its file."""
    workspace = new_workspace()
    (workspace.repo / "limit.pkl").write_bytes(pickle.dumps(0.37))
    assert limits_of(workspace, [], ["limit.pkl"]) == {"a number of limit.pkl": 0.37}


@pytest.mark.parametrize(("more", "seen"), [(0, True), (1, False)])
def test_settings_are_small(more: int, seen: bool, new_workspace: NewWorkspace) -> None:  # noqa: FBT001 (the parameter)
    """A file of 64 KiB still is one of settings, a longer one is data."""
    workspace = new_workspace()
    settings = '{"limit": 0.4}'.ljust(LARGEST_TEXT + more)
    write_tree(workspace.repo, {"l.json": settings})
    assert bool(limits_of(workspace, [], ["l.json"])) is seen


def test_a_long_pickle_is_not_read_to_its_end(new_workspace: NewWorkspace) -> None:
    """A model as large as a submission likes costs no more than a moment."""
    workspace = new_workspace()
    (workspace.repo / "kept.pkl").write_bytes(pickle.dumps([*([1] * MOST_OPCODES), 0.37]))
    assert limits_of(workspace, [], ["kept.pkl"]) == {}


def test_a_model_may_be_larger_than_settings(new_workspace: NewWorkspace) -> None:
    """What it says of a threshold is found beside some twenty megabytes."""
    workspace = new_workspace()
    kept = {"threshold": 0.37, "trees": bytes(LARGEST - 1000)}
    (workspace.repo / "kept.pkl").write_bytes(pickle.dumps(kept))
    assert limits_of(workspace, [], ["kept.pkl"]) == {"threshold of kept.pkl": 0.37}


def test_thresholds_are_those_of_the_moment_they_were_read(new_workspace: NewWorkspace) -> None:
    """They may be asked for when the workspace has gone on, or is gone."""
    workspace = new_workspace()
    write_tree(
        workspace.repo, {"params.yaml": "limit: 0.75\n", "e.py": "x = 0.6\n", "l.json": '{"best": 0.4}'}
    )
    found = limits_of(workspace, [Stage("e", "e", deps=("e.py",), params={"params.yaml": ()})], ["l.json"])
    write_tree(workspace.repo, {"params.yaml": "limit: 0.1\n", "e.py": "x = 0.2\n"})
    (workspace.repo / "l.json").unlink()
    assert found == {"limit": 0.75, "0.6": 0.6, "best of l.json": 0.4}


@pytest.mark.parametrize(("size", "kept"), [(MOST_KEPT // 2, True), (MOST_KEPT + 1, False)])
def test_a_large_file_is_not_kept_until_it_is_asked_for(
    size: int,
    kept: bool,  # noqa: FBT001 (the parameter)
    new_workspace: NewWorkspace,
) -> None:
    """It is looked through at once: a grade has many runs, each with a model of its own."""
    workspace = new_workspace()
    (workspace.repo / "kept.pkl").write_bytes(pickle.dumps({"threshold": 0.37, "trees": bytes(size)}))
    tracemalloc.start()
    found = limits_of(workspace, [], ["kept.pkl"])
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert (held > size) is kept
    assert found == {"threshold of kept.pkl": 0.37}
