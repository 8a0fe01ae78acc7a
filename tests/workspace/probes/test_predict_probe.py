"""The script that loads a model and predicts; here on models that the tests themselves have made."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from harness.workspace.probes.predict_probe import main

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pd.DataFrame({"a": [0, 1, 0, 1], "b": [0, 0, 1, 1]})
IMPLIES = [1, 0, 1, 1]  # not symmetric: exchanged columns would show


def tree() -> DecisionTreeClassifier:
    """A fresh estimator that can learn the rows by heart."""
    return DecisionTreeClassifier(random_state=0)


def scaled() -> dict[str, Any]:
    """A model kept beside its scaler and the names of its columns."""
    scaler = StandardScaler().fit(ROWS.to_numpy())
    model = tree().fit(scaler.transform(ROWS.to_numpy()), IMPLIES)
    return {"model": model, "scaler": scaler, "features": ["a", "b"]}


MODELS: dict[str, Callable[[], object]] = {
    "frame": lambda: tree().fit(ROWS, IMPLIES),
    "plain array": lambda: tree().fit(ROWS.to_numpy(), IMPLIES),
    "columns in another order": lambda: tree().fit(ROWS[["b", "a"]], IMPLIES),
    "pipeline": lambda: make_pipeline(StandardScaler(), tree()).fit(ROWS, IMPLIES),
    "with its scaler": scaled,
    "in a tuple": lambda: ("v1", tree().fit(ROWS, IMPLIES)),
}
HOLDS_STRING = "it holds str, nothing with a predict method"
UNUSABLE: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "FileNotFoundError"),
    "empty": (b"", "it is empty"),
    "a string": (pickle.dumps("RandomForest"), HOLDS_STRING),
    "a class": (pickle.dumps(DecisionTreeClassifier), "nothing with a predict method"),
    "JSON": (b'{"coef": [1, 2]}', "it cannot be loaded (joblib: "),
    "unfitted": (pickle.dumps(DecisionTreeClassifier()), "NotFittedError"),
}


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Has the file `model` predict the rows, and gives the answer."""

    def ask(*beside: str, index: bool = False) -> dict[str, Any]:
        ROWS.to_csv(tmp_path / "rows.csv", index=index)
        main(str(tmp_path / "out"), str(tmp_path / "model"), [str(tmp_path / "rows.csv")], [], list(beside))
        found: dict[str, Any] = json.loads((tmp_path / "out").read_text())
        return found

    return ask


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_a_model_predicts_however_it_was_fitted_and_wrapped(
    make: Callable[[], object], answer: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """One label per row comes back, with the columns that the model wants in the order it wants."""
    joblib.dump(make(), tmp_path / "model", compress=3)
    found = answer()
    assert found["error"] is None
    assert found["ways"][0]["labels"] == IMPLIES


@pytest.mark.parametrize("name", ["frame", "plain array", "with its scaler"])
def test_a_column_that_numbers_the_rows_is_left_out(
    name: str, answer: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """Where the model was not fitted on it; a model that was gets it."""
    joblib.dump(MODELS[name](), tmp_path / "model")
    assert answer(index=True)["ways"][0]["labels"] == IMPLIES
    numbered = ROWS.reset_index(names="Unnamed: 0")
    for fitted in (numbered, numbered.to_numpy()):
        joblib.dump(tree().fit(fitted, IMPLIES), tmp_path / "model")
        assert answer(index=True)["ways"][0]["labels"] == IMPLIES


@pytest.mark.parametrize(("data", "error"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_is_no_model_is_told(
    data: bytes | None, error: str, answer: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """What cannot predict gives no labels, and a reason in one line."""
    if data is not None:
        (tmp_path / "model").write_bytes(data)
    found = answer()
    assert found["ways"] == []
    assert error in found["error"]
    assert found["plain"] == (error == HOLDS_STRING)
    assert "\n" not in found["error"]


def test_a_folder_is_no_model(answer: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """A folder in the model's place is told as one."""
    (tmp_path / "model").mkdir()
    assert answer()["error"] == "it is a folder, not a model file"


def test_a_scaler_in_a_file_of_its_own_is_another_way(
    answer: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """The model as it is, and after what lies beside it; whichever of the files holds the model."""
    parts = scaled()
    joblib.dump(parts["model"], tmp_path / "model")
    joblib.dump(parts["scaler"], tmp_path / "scaler")
    (tmp_path / "note").write_text("nothing to load")
    found = answer(str(tmp_path / "scaler"), str(tmp_path / "note"))
    assert [way["name"] for way in found["ways"]] == ["the model", "the model with what lies beside"]
    assert found["ways"][1]["labels"] == IMPLIES
    (tmp_path / "model").rename(tmp_path / "forest")
    (tmp_path / "scaler").rename(tmp_path / "model")
    assert answer(str(tmp_path / "forest"))["ways"][1]["labels"] == IMPLIES


def test_a_model_of_few_columns_predicts_after_their_selection(
    answer: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """A model that cannot take all columns has the one way in which what lies beside chooses them."""
    selection = SelectKBest(k=1).fit(ROWS.to_numpy(), IMPLIES)
    model = tree().fit(selection.transform(ROWS.to_numpy()), IMPLIES)
    joblib.dump(model, tmp_path / "model")
    joblib.dump(selection, tmp_path / "selection")
    wanted = model.predict(selection.transform(ROWS.to_numpy())).tolist()
    [way] = answer(str(tmp_path / "selection"))["ways"]
    assert (way["name"], way["labels"]) == ("the model with what lies beside", wanted)
    assert "expecting 1 features" in answer()["error"]


def test_several_models_predict_together(answer: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """Models in a list may be asked for the mean of their chances; a single one has no such way."""
    models = [tree().fit(ROWS, [1, 0, 1, 1]), tree().fit(ROWS, [0, 0, 1, 1]), tree().fit(ROWS, [1, 1, 0, 1])]
    for kept in (models, {"members": models, "threshold": 0.5}):
        joblib.dump(kept, tmp_path / "model")
        first, together = answer()["ways"]
        assert (first["name"], first["labels"]) == ("the model", IMPLIES)
        assert (together["name"], together["labels"]) == ("the mean of the models", [1, 0, 1, 1])
    assert together["chances"] == pytest.approx([2 / 3, 1 / 3, 2 / 3, 1])
    joblib.dump(models[:1], tmp_path / "model")
    assert len(answer()["ways"]) == 1


def test_the_numbers_of_a_regression_may_be_chances(
    answer: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """They are rounded, or held against a threshold: even those of a forest that all are whole."""
    joblib.dump(DummyRegressor(strategy="constant", constant=0.75).fit(ROWS, IMPLIES), tmp_path / "model")
    plain, rounded = answer()["ways"]
    assert plain["labels"] == [0.75] * 4
    assert rounded == {
        "name": "the model, rounded",
        "labels": [1] * 4,
        "classes": [0, 1],
        "chances": [0.75] * 4,
    }
    joblib.dump(DecisionTreeRegressor().fit(ROWS, IMPLIES), tmp_path / "model")
    assert answer()["ways"][1]["chances"] == IMPLIES


def test_an_encoder_gives_the_classes_their_names(
    answer: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """Beside the numbers that the model predicts stand the words that its encoder has for them."""
    kept = {"model": tree().fit(ROWS, IMPLIES), "encoder": LabelEncoder().fit(["no", "yes"])}
    joblib.dump(kept, tmp_path / "model")
    plain, named = answer()["ways"]
    assert plain["labels"] == IMPLIES
    assert named["labels"] == ["yes", "no", "yes", "yes"]
    assert (named["classes"], named["chances"]) == (["no", "yes"], [1.0, 0.0, 1.0, 1.0])
