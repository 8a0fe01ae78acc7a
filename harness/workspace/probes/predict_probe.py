"""Loads a student's model and predicts: runs inside the workspace only, for loading a pickle runs its code.

Run as `python -P predict_probe.py OUT MODEL FEATURES… -- [IMPORT_FOLDER…] -- [COMPANION…]` in the Git root;
the companions are other files that may hold what the model needs, such as a scaler. Writes {"ways": [{"name",
"labels", "classes", "chances"}…], "model": class name or null, "error": text or null, "plain": whether the
file holds nothing but data, "more": [ways…]} as JSON to OUT, with a way for each thing that an evaluation may
do with these files; of two classes, `chances` has that of the second. `more` is for further tables, up to one
that fails; what is known is written before the next is asked.
"""
# ruff: noqa: ANN401 (a student's model can be anything)

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import math
import pickle
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DEPTH = 3
TEXT_LIMIT = 500
PLAIN = frozenset({"builtins", "numpy", "pandas"})  # modules whose objects hold data alone
BINARY = 2
INDEX = "Unnamed: 0"  # what pandas calls the column that `to_csv` writes of a frame's index


class Unusable(Exception):
    """What was found in the model's place does not predict; the message says why."""


class PlainData(Unusable):
    """What was found in the model's place is text, numbers or a table."""


def main(out: str, model: str, tables: list[str], folders: list[str], companions: list[str]) -> None:
    """Predict and write the answer, or why there is none."""
    sys.path[:0] = folders
    warnings.simplefilter("ignore")
    answer: dict[str, Any] = {"ways": [], "model": None, "error": None, "plain": False, "more": []}
    try:
        held = [load(Path(model)), *beside(companions)]
        loaded, estimator = the_estimator(held)
        answer["model"] = type(estimator).__name__
        others = [item for thing in held if thing is not loaded for item in members(thing)]
        for place, features in enumerate(tables):
            ways = list(every_way(estimator, loaded, others, pd.read_csv(features)))
            json.dumps(ways)
            answer |= {"more": [*answer["more"], ways]} if place else {"ways": ways}
            write(out, answer)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever a student's object does is the answer)
        if not answer["ways"]:
            write(out, answer | {"error": said(error), "plain": isinstance(error, PlainData)})


def write(out: str, answer: dict[str, Any]) -> None:
    """Write the answer in place of an older one, whole at any time."""
    Path(f"{out}.new").write_text(json.dumps(answer), encoding="utf-8")
    Path(f"{out}.new").replace(out)


def beside(paths: list[str]) -> Iterator[Any]:
    """What the companion files hold, as far as they can be loaded."""
    for path in paths:
        with contextlib.suppress(Unusable):
            yield load(Path(path))


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


def the_estimator(held: list[Any]) -> tuple[Any, Any]:
    """What the file holds in which an estimator is, the model's own file first, and the estimator."""
    for thing in held:
        for item in members(thing):
            if callable(getattr(item, "predict", None)) and not isinstance(item, type):
                return thing, item
    data = all(type(item).__module__.partition(".")[0] in PLAIN for item in members(held[0]))
    kind = PlainData if data else Unusable
    raise kind(f"it holds {type(held[0]).__name__}, nothing with a predict method")


def every_way(estimator: Any, loaded: Any, others: list[Any], features: pd.DataFrame) -> Iterator[Any]:
    """Predictions in each way in which an evaluation may come to some with these files.

    A way that fails is none, such as a model of few columns without the selection of them that lies beside.
    Where all fail, the first one's exception is raised.
    """
    rows = fitting(estimator, loaded, features)
    own = [] if estimator is loaded else list(members(loaded))
    decoder = next((item for item in (*own, *others) if decodes(item)), None)
    found, failure = False, None
    for name, one, before in combinations(estimator, loaded, transformers(own), transformers(others)):
        try:
            yield from list(way(name, one, decoder, transformed(rows, before)))
            found = True
        except Exception as error:  # noqa: BLE001 (a companion that is for something else, say)
            failure = failure or error
    if failure and not found:
        raise failure


def combinations(
    estimator: Any, loaded: Any, own: list[Any], beside: list[Any]
) -> Iterator[tuple[str, Any, list[Any]]]:
    """What may predict, and after which scalers and the like: name, estimator, steps."""
    for name, one in (("the model", estimator), *committees(loaded)):
        yield name, one, own
        if beside:
            yield f"{name} with what lies beside", one, [*own, *beside]


def committees(loaded: Any) -> Iterator[tuple[str, Any]]:
    """Of several models in a list, what they say together; nothing of another thing."""
    for items in (thing for thing in members(loaded) if isinstance(thing, (list, tuple))):
        models = [item for item in items if callable(getattr(item, "predict_proba", None))]
        if len(models) > 1:
            yield "the mean of the models", Committee(models)


class Committee:
    """Several models of the same classes, which predict by the mean of their chances."""

    def __init__(self, models: list[Any]) -> None:
        self.models = models
        self.classes_ = models[0].classes_

    def predict_proba(self, rows: Any) -> Any:
        """The mean chance of each class for each row."""
        return sum(model.predict_proba(rows) for model in self.models) / len(self.models)

    def predict(self, rows: Any) -> Any:
        """The likeliest class of each row."""
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]


def way(name: str, estimator: Any, decoder: Any, rows: Any) -> Iterator[dict[str, Any]]:
    """Predictions for rows as the estimator gives them, then with the classes' own names."""
    predicted = predict(estimator, rows)
    classes, chances = chances_of(estimator, rows)
    yield {"name": name, "labels": plain(predicted), "classes": classes, "chances": chances}
    if numbers := shares(estimator, plain(predicted)):
        rounded = [round(number) for number in numbers]
        yield {"name": f"{name}, rounded", "labels": rounded, "classes": [0, 1], "chances": numbers}
    if decoder is not None:
        labels = plain(decoder.inverse_transform(predicted))
        named = plain(decoder.inverse_transform(classes)) if classes else []
        yield {"name": f"{name}, decoded", "labels": labels, "classes": named, "chances": chances}


def predict(estimator: Any, rows: Any) -> Any:
    """Predictions for the rows: from a frame, or from a plain array for a model that wants one."""
    try:
        return estimator.predict(rows)
    except Exception:  # noqa: BLE001 (a model of whatever kind may dislike a frame)
        return estimator.predict(getattr(rows, "values", rows))


def chances_of(estimator: Any, rows: Any) -> tuple[list[Any], list[float]]:
    """The two classes, and for each row the chance of the second; empty where the model tells none."""
    try:
        classes, chances = plain(estimator.classes_), estimator.predict_proba(rows)[:, 1]
        return (classes, [float(chance) for chance in chances]) if len(classes) == BINARY else ([], [])
    except Exception:  # noqa: BLE001 (not every model tells chances)
        return [], []


def shares(estimator: Any, predicted: list[Any]) -> list[float]:
    """A regression's numbers, which may be chances of the second class; none of what knows classes."""
    known = hasattr(estimator, "classes_")
    return predicted if not known and all(type(n) is float and math.isfinite(n) for n in predicted) else []


def transformed(rows: Any, steps: list[Any]) -> Any:
    """The rows after these scalers and the like."""
    for step in steps:
        rows = step.transform(rows)
    return rows


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


def transformers(things: Iterable[Any]) -> list[Any]:
    """Scalers and the like, in their order."""
    able = [item for item in things if callable(getattr(item, "transform", None)) and not decodes(item)]
    return [item for item in able if not callable(getattr(item, "predict", None))]


def decodes(item: Any) -> bool:
    """Whether something gives numbers back their classes' names: a scaler has no classes."""
    return hasattr(item, "classes_") and callable(getattr(item, "inverse_transform", None))


def plain(predicted: Any) -> list[Any]:
    """Predictions as a list of plain numbers, strings and truth values."""
    values = predicted.to_numpy() if hasattr(predicted, "to_numpy") else predicted
    listed = values.tolist() if hasattr(values, "tolist") else values
    rows = [value.item() if hasattr(value, "item") else value for value in listed]
    return [row[0] if isinstance(row, list) and len(row) == 1 else row for row in rows]


def said(error: BaseException) -> str:
    """An exception as one short line."""
    text = str(error) if isinstance(error, Unusable) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:TEXT_LIMIT]


def __getattr__(name: str) -> Any:
    """A class that the training script defined while it was `__main__`, for its pickles name it so.

    Raises:
        AttributeError: no script of the repository defines it.
    """
    own = (Path(folder) for folder in sys.path if Path(folder).is_relative_to(Path.cwd()))
    scripts = (path for folder in own if not name.startswith("__") for path in sorted(folder.glob("*.py")))
    if found := next(filter(None, (definitions(script).get(name) for script in scripts)), None):
        return found
    raise AttributeError(f"no script defines {name}")


def definitions(script: Path) -> dict[str, Any]:
    """The classes and functions that a script defines, by name: no other statement of it takes effect."""
    kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)
    found: dict[str, Any] = {"__name__": script.stem, "__file__": str(script)}
    with contextlib.suppress(SyntaxError, ValueError):
        for node in ast.parse(script.read_bytes()).body:
            if isinstance(node, kinds):
                with contextlib.suppress(Exception):  # an assignment that reads data, say
                    exec(compile(ast.Module([node], []), str(script), "exec"), found)  # noqa: S102 (sandboxed)
    return {name: value for name, value in found.items() if getattr(value, "__module__", None) == script.stem}


if __name__ == "__main__":
    _, its_out, its_model, *words = sys.argv
    first = words.index("--")
    second = words.index("--", first + 1)
    main(its_out, its_model, words[:first], words[first + 1 : second], words[second + 1 :])
