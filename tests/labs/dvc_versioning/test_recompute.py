"""The right scores of a state: what the model predicts, against labels that it never saw."""

from __future__ import annotations

import gzip
import json
import pickle
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from fixtures.workspaces import NewWorkspace, commit_all, write_tree
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.evidence.roles import Roles
from harness.evidence.table import Table, read_table
from harness.labs.dvc_versioning.recompute import (
    Scored,
    companions,
    held_out_files,
    model_in,
    reported_scores,
    score,
    split_held_out,
)
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import FIT, PLAIN, RIGHT, SCORE, SPLIT, Work, base_of, scored

MODEL = """class Limit:
    def predict(self, rows):
        return [int(value > 1) for value in rows.iloc[:, 0]]
"""
MAKE = """import pickle
from limit import Limit
pickle.dump(Limit(), open("forest.pkl", "wb"))
"""
ROWS = "a,b,target\n1,9,0\n2,9,1\n3,9,0\n0,9,0\n"
ROLES = base_of().roles


def table(text: str, path: str = "t.csv") -> Table:
    """A table of some text."""
    return read_table(path, text.encode())


@pytest.fixture
def trained(new_workspace: NewWorkspace) -> Workspace:
    """A workspace with held-out data, right scores, and a model of a class of the submission's own."""
    workspace = new_workspace()
    scores = json.dumps({"accuracy": 0.75, "precision": 0.5, "recall": 1.0, "f1": 2 / 3})
    write_tree(workspace.repo, {"limit.py": MODEL, "make.py": MAKE, "test.csv": ROWS, "scores.json": scores})
    commit_all(workspace, trained.__name__)
    workspace.run("python", "make.py", check=True)
    return workspace


def scored_in(workspace: Workspace, work: Work, roles: Roles = ROLES, pipeline: Pipeline = PLAIN) -> Scored:
    """The scores of a workspace's state."""
    work.commit({"README.md": b"mine"})
    return score(workspace, work.case(pipeline), pipeline, roles)


def test_the_right_scores_are_those_of_the_predictions(trained: Workspace, work: Work) -> None:
    """The model of the submission's own class predicts the features; the labels stay here."""
    found = scored_in(trained, work)
    assert (found.labels, found.predictions, found.problem) == ((0, 1, 0, 0), (0, 1, 1, 0), None)
    assert found.match is not None
    assert found.match.average == "binary:1"


def test_the_model_sees_no_labels(trained: Workspace, work: Work) -> None:
    """A model that looks for a column of labels, or for the data, finds neither."""
    spy = MODEL.replace(
        "return",
        "import os\n        assert list(rows.columns) == ['a', 'b'], 'columns'\n"
        "        assert not os.path.exists('test.csv'), 'data'\n        return",
    )
    trained.write("limit.py", spy.encode())
    assert scored_in(trained, work).problem is None


@pytest.mark.parametrize(
    ("data", "problem", "no_model"),
    [
        (b"", "forest.pkl is an empty file", True),
        (
            pickle.dumps("trained" * 30),
            "forest.pkl is a pickle of plain values such as a string",
            True,
        ),
        (
            gzip.compress(pickle.dumps([1, 2])),
            "forest.pkl is a pickle of plain values",
            True,
        ),
        (gzip.compress(pickle.dumps(Fraction(1, 3))), "forest.pkl: it holds Fraction, nothing", False),
        (b"\x80broken", "forest.pkl: ", False),
    ],
    ids=("empty", "text", "list", "fraction", "broken"),
)
def test_what_predicts_nothing_has_a_problem(
    trained: Workspace,
    work: Work,
    data: bytes,
    problem: str,
    no_model: bool,  # noqa: FBT001
) -> None:
    """It is said why, and whether the file is no model at all; nothing is raised."""
    trained.write("forest.pkl", data)
    found = scored_in(trained, work)
    assert str(found.problem).startswith(problem)
    assert (found.no_model, found.labels, found.match) == (no_model, (), None)


def test_missing_parts_are_named(trained: Workspace, work: Work) -> None:
    """No model, no label column, unreadable data: each is a problem in words, of the rows or of the model."""
    for data, told in (
        (b"a,b\n1.5,2.5\n3.5,4.5\n5.5,6.5\n7.5,8.5\n", "no label column 'target' in test.csv"),
        (b"", "the held-out data cannot be read: test.csv"),
    ):
        trained.write("test.csv", data)
        found = scored_in(trained, work)
        assert told in str(found.problem)
        assert found.no_rows
    trained.remove("forest.pkl")
    found = scored_in(trained, work)
    assert (found.problem, found.no_rows) == ("forest.pkl is not a file", False)
    nothing = base_of(Pipeline()).roles
    assert "no stage makes a model" in str(scored_in(trained, work, nothing).problem)


def test_a_table_with_a_label_column_is_parted() -> None:
    """By the lab's name for it, or by one of the usual others."""
    for name in ("target", "Label", "y", "diagnosis"):
        found = split_held_out([table(f"a,{name}\n1.5,0\n2.5,1\n")])
        assert found is not None
        assert (found.labels, found.column) == ((0, 1), name)
        assert found.features == b"a\n1.5\n2.5\n"


def test_features_and_labels_may_lie_in_two_files() -> None:
    """The one with a single column holds the labels, in whatever order the two come."""
    features, labels = table("a,b\n1.5,2.5\n3.5,4.5\n", "X.csv"), table("answer\n1\n0\n", "y.csv")
    for tables in ([features, labels], [labels, features]):
        found = split_held_out(tables)
        assert found is not None
        assert (found.labels, found.features) == ((1, 0), b"a,b\n1.5,2.5\n3.5,4.5\n")


def test_labels_in_a_file_of_their_own_win_over_a_feature_of_few_values() -> None:
    """A feature of zeros and ones looks like a label only where there is no other."""
    features, labels = (
        table("a,big\n1.5,0\n3.5,1\n4.5,1\n5.5,0\n", "X.csv"),
        table("z\n1\n1\n0\n0\n", "y.csv"),
    )
    for tables in ([features, labels], [labels, features]):
        found = split_held_out(tables)
        assert found is not None
        assert found.labels == (1, 1, 0, 0)
    alone = split_held_out([features])
    assert alone is not None
    assert alone.labels == (0, 1, 1, 0)


def test_a_column_that_numbers_the_rows_is_no_feature_and_no_label() -> None:
    """Files written with the index are features and labels all the same, and the model may have the index."""
    features = table(",a,b\n7,1.5,2.5\n3,3.5,4.5\n", "X.csv")
    labels = table(",target\n7,1\n3,0\n", "y.csv")
    for tables in ([features, labels], [labels, features]):
        found = split_held_out(tables)
        assert found is not None
        assert (found.labels, found.column) == ((1, 0), "target")
        assert found.features == b"Unnamed: 0,a,b\n7,1.5,2.5\n3,3.5,4.5\n"


def test_the_labs_own_name_for_the_label_wins() -> None:
    """A column beside it that says the class in words is another."""
    found = split_held_out([table("diagnosis,a,target\nill,1.5,0\nwell,2.5,1\n")])
    assert found is not None
    assert (found.labels, found.column) == ((0, 1), "target")


def test_validation_rows_are_not_the_held_out_ones() -> None:
    """Where the evaluation reads both, in one file each or in two, those to test on count."""
    whole = {"validation": "a,b,target\n1.5,2.5,0\n", "kept": "a,b,target\n3.5,4.5,1\n"}
    parts = {"X_val": "a,b\n1.5,2.5\n", "X_test": "a,b\n3.5,4.5\n", "y_val": "z\n0\n", "y_test": "z\n1\n"}
    for files in (whole, parts):
        found = split_held_out([table(text, f"data/{name}.csv") for name, text in files.items()])
        assert found is not None
        assert (found.labels, found.features) == ((1,), b"a,b\n3.5,4.5\n")


def test_tables_that_do_not_fit_have_no_labels() -> None:
    """Labels of other rows are no labels."""
    assert split_held_out([table("a,b\n1.5,2.5\n", "X.csv"), table("answer\n1\n0\n", "y.csv")]) is None
    assert split_held_out([]) is None


def test_the_file_with_most_scores_is_the_metrics_file() -> None:
    """Other files, and those that cannot be read, are passed over."""
    files = {"a.json": b'{"accuracy": 1}', "b.json": json.dumps(RIGHT).encode(), "c.json": b"{"}
    found = reported_scores(files)
    assert found is not None
    assert found.values == RIGHT
    assert reported_scores({"c.json": b"{"}) is None


def test_scores_without_labels_are_not_compared() -> None:
    """Nothing was computed, so nothing matches or differs."""
    assert Scored(scored().reported, problem="why").match is None
    assert Scored(None, (1, 0), (1, 0)).match is None


def test_a_folder_is_looked_into_for_what_is_not_training(
    new_workspace: NewWorkspace, tmp_path: Path
) -> None:
    """Links are not followed, and names tell training data."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"d/train.csv": "x", "d/test.csv": "x", "d/.gitignore": "", "one.csv": "x"})
    (tmp_path / "secret.csv").write_text("x", encoding="utf-8")
    (workspace.repo / "d" / "link.csv").symlink_to(tmp_path / "secret.csv")
    assert held_out_files(workspace, ["d", "one.csv"]) == ["d/test.csv", "one.csv"]


@pytest.mark.parametrize(
    ("files", "model"),
    [
        (["m/forest.pkl"], "m/forest.pkl"),
        (["m/forest.pkl", "m/notes.txt", "m/.gitignore"], "m/forest.pkl"),
        (["m/blob"], "m/blob"),
        (["m/one.pkl", "m/two.pkl"], "m"),
        (["m"], "m"),
    ],
)
def test_a_folder_is_looked_into_for_the_model(
    new_workspace: NewWorkspace, files: list[str], model: str
) -> None:
    """The one file that may be a model is it; of several none is chosen."""
    workspace = new_workspace()
    write_tree(workspace.repo, dict.fromkeys(files, "x"))
    assert model_in(workspace, "m") == model


def test_a_scaler_of_its_own_file_predicts_too(trained: Workspace, work: Work) -> None:
    """What evaluate reads beside the model is another way to predictions, and a reason for doubt."""
    save = MAKE + "from sklearn.preprocessing import FunctionTransformer as F\nimport numpy\n"
    trained.write("make.py", (save + 'pickle.dump(F(numpy.negative), open("scaler.pkl", "wb"))\n').encode())
    trained.run("python", "make.py", check=True)
    outs = (*FIT.outs, Output("scaler.pkl"))
    pipeline = Pipeline((SPLIT, replace(FIT, outs=outs), replace(SCORE, deps=(*SCORE.deps, "scaler.pkl"))))
    roles = base_of(pipeline).roles
    assert companions(pipeline, roles) == ("scaler.pkl",)
    found = scored_in(trained, work, roles, pipeline)
    assert [way.labels for way in found.ways] == [(0, 1, 1, 0), (0, 0, 0, 0)]
    assert found.predictions == found.ways[0].labels
    assert found.doubt == "there are several models"


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({}, None),
        ({"params": {"params.yaml": ("score.limit",)}}, "evaluate has parameters"),
        ({"deps": ("forest.pkl", "train.csv")}, "training and evaluation read one and the same table"),
    ],
)
def test_what_other_scores_may_be_right_is_said(
    changes: dict[str, Any], doubt: str | None, trained: Workspace, work: Work
) -> None:
    """Parameters of evaluate, and one table for training and for scoring."""
    split = replace(SPLIT, outs=(Output("train.csv"),)) if doubt and "table" in doubt else SPLIT
    trained.write("train.csv", ROWS.encode())
    pipeline = Pipeline((split, FIT, replace(SCORE, **changes)))
    found = scored_in(trained, work, base_of(pipeline).roles, pipeline)
    assert (found.doubt, found.certain) == (doubt, doubt is None)


def test_a_threshold_that_the_held_out_rows_made_is_none(trained: Workspace, work: Work) -> None:
    """One kept with the model counts; one of a stage that reads the rows to test on does not."""
    trained.write("limits.json", b'{"best": 0.4}')
    for deps, names in ((("train.csv",), {"best of limits.json"}), (("test.csv",), set())):
        tune = Stage("tune", "tune", cmd=("python t.py",), deps=deps, outs=(Output("limits.json"),))
        pipeline = Pipeline((SPLIT, FIT, tune, replace(SCORE, deps=(*SCORE.deps, "limits.json"))))
        assert set(scored_in(trained, work, base_of(pipeline).roles, pipeline).limits) == names


def test_a_file_with_more_than_a_model_leaves_doubt(trained: Workspace, work: Work) -> None:
    """The evaluation may use what lies beside the model."""
    trained.write("make.py", MAKE.replace("Limit(),", '{"model": Limit(), "threshold": 0.4},').encode())
    trained.run("python", "make.py", check=True)
    found = scored_in(trained, work)
    assert (found.doubt, found.limits) == (
        "the model's file holds more than a model",
        {"threshold of forest.pkl": 0.4},
    )
