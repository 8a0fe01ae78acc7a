"""Loads a student's model and predicts: runs inside the workspace only, for loading a pickle runs its code.

Run as `python -P predict_probe.py OUT MODEL FEATURES [IMPORT_FOLDER…]` in the Git root. Writes
{"labels": […] or null, "model": class name or null, "error": text or null, "plain": whether the file holds
nothing but data} as JSON to OUT.
"""
# ruff: noqa: ANN401 (a student's model can be anything)

from __future__ import annotations

import importlib
import importlib.util
import json
import pickle
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEPTH = 3
TEXT_LIMIT = 500
PLAIN = frozenset({"builtins", "numpy", "pandas"})  # modules whose objects hold data alone
INDEX = "Unnamed: 0"  # what pandas calls the column that `to_csv` writes of a frame's index


class Unusable(Exception):
    """What was found in the model's place does not predict; the message says why."""


class PlainData(Unusable):
    """What was found in the model's place is text, numbers or a table."""


def main(out: str, model: str, features: str, folders: list[str]) -> None:
    """Predict and write the answer, or why there is none."""
    sys.path[:0] = folders
    warnings.simplefilter("ignore")
    answer: dict[str, Any] = {"labels": None, "model": None, "error": None, "plain": False}
    try:
        loaded = load(Path(model))
        estimator = the_estimator(loaded)
        answer["model"] = type(estimator).__name__
        labels = plain(predict(estimator, loaded, pd.read_csv(features)))
        json.dumps(labels)
        answer["labels"] = labels
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever a student's object does is the answer)
        answer["error"] = said(error)
        answer["plain"] = isinstance(error, PlainData)
    Path(out).write_text(json.dumps(answer), encoding="utf-8")


def load(path: Path) -> Any:
    """The object in a model file, by the first loader that can read it."""
    if path.is_dir():
        raise Unusable("it is a folder, not a model file")
    if not path.stat().st_size:
        raise Unusable("it is empty")
    refusals = []
    for name, loader in loaders(path):
        try:
            return loader(path)
        except Exception as error:  # noqa: BLE001 (each loader refuses in its own way)
            refusals.append(f"{name}: {said(error)}")
    raise Unusable("it cannot be loaded (" + "; ".join(refusals) + ")")


def loaders(path: Path) -> Iterator[tuple[str, Callable[[Path], Any]]]:
    """Ways to load a model file, the likeliest first. cloudpickle's files are read by pickle."""
    if path.suffix == ".skops" and importlib.util.find_spec("skops"):
        yield "skops", load_skops
    yield "joblib", joblib.load
    yield "pickle", lambda path: pickle.loads(path.read_bytes())  # noqa: S301 (this is the sandboxed place)


def load_skops(path: Path) -> Any:
    """A skops file, all its types trusted."""
    skops = importlib.import_module("skops.io")
    return skops.load(path, trusted=skops.get_untrusted_types(file=path))


def members(thing: Any, depth: int = DEPTH) -> Iterator[Any]:
    """An object and, if it is a container, what it holds."""
    yield thing
    if depth and isinstance(thing, (dict, list, tuple)):
        for item in thing.values() if isinstance(thing, dict) else thing:
            yield from members(item, depth - 1)


def the_estimator(loaded: Any) -> Any:
    """The first object that can predict: the loaded one, or one that it holds."""
    for item in members(loaded):
        if callable(getattr(item, "predict", None)) and not isinstance(item, type):
            return item
    data = all(type(item).__module__.partition(".")[0] in PLAIN for item in members(loaded))
    kind = PlainData if data else Unusable
    raise kind(f"it holds {type(loaded).__name__}, nothing with a predict method")


def predict(estimator: Any, loaded: Any, features: pd.DataFrame) -> Any:
    """Predictions for the rows: from a frame, or from a plain array for a model that wants one."""
    rows: Any = fitting(estimator, loaded, features)
    for step in transformers(estimator, loaded):
        rows = step.transform(rows)
    try:
        return estimator.predict(rows)
    except Exception:  # noqa: BLE001 (a model of whatever kind may dislike a frame)
        return estimator.predict(getattr(rows, "values", rows))


def fitting(estimator: Any, loaded: Any, features: pd.DataFrame) -> pd.DataFrame:
    """The columns that the model was fitted on; one that numbers the rows only where it was among them."""
    columns = column_names(estimator, loaded)
    if columns is not None and set(columns) <= set(features.columns):
        return features[columns]
    wanted = getattr(estimator, "n_features_in_", None)
    numbered = features.columns[0] == INDEX and wanted != len(features.columns)
    return features.iloc[:, 1:] if numbered else features


def column_names(estimator: Any, loaded: Any) -> list[str] | None:
    """The columns that the model was fitted on: by itself, or by a list of names kept beside it."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return [str(name) for name in names]
    if not isinstance(loaded, dict):
        return None
    lists = (item for item in loaded.values() if isinstance(item, list) and len(item) > 1)
    return next((item for item in lists if all(isinstance(name, str) for name in item)), None)


def transformers(estimator: Any, loaded: Any) -> list[Any]:
    """Scalers and the like that were saved beside the model, in their order."""
    if estimator is loaded:
        return []
    able = [item for item in members(loaded) if callable(getattr(item, "transform", None))]
    return [item for item in able if not callable(getattr(item, "predict", None))]


def plain(predicted: Any) -> list[Any]:
    """Predictions as a list of plain numbers, strings and truth values."""
    values = predicted.to_numpy() if hasattr(predicted, "to_numpy") else predicted
    rows = (
        values.tolist()
        if hasattr(values, "tolist")
        else [v.item() if hasattr(v, "item") else v for v in values]
    )
    return [row[0] if isinstance(row, list) and len(row) == 1 else row for row in rows]


def said(error: BaseException) -> str:
    """An exception as one short line."""
    text = str(error) if isinstance(error, Unusable) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:TEXT_LIMIT]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
