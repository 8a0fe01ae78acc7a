"""What a student's model predicts, without the harness ever loading it."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from harness.errors import MalformedEvidence
from harness.workspace.files import remove_inside, write_inside
from harness.workspace.probe import ask
from harness.workspace.reaching import inside

if TYPE_CHECKING:
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

Label = bool | int | float | str
LABEL_TYPES = (bool, int, float, str)
TEXT_LIMIT = 1000
FEATURES = "rows-{}.csv"
BINARY = 2


@dataclass(frozen=True)
class Way:
    """One way to predict with what was handed in, such as after a scaler that was saved beside the model.

    `labels` has one label per row. Of a model that tells the chances of its two classes, `chances` has that
    of the second; both are empty for another.
    """

    name: str
    labels: tuple[Label, ...]
    classes: tuple[Label, ...] = ()
    chances: tuple[float, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """The ways in which the model predicts, or the reason why there are none; `model` is its class.

    `plain`: the file could be loaded, and holds text, numbers or a table in the place of a model. `more` has
    the ways for each further table of features; of one that the model has none for, there are none.
    """

    ways: tuple[Way, ...]
    error: str | None = None
    model: str | None = None
    plain: bool = False
    more: tuple[tuple[Way, ...], ...] = ()


def predict(
    workspace: Workspace,
    files: tuple[str, ...],
    features: bytes,
    *more: bytes,
    imports: tuple[str, ...] = (),
    timeout: float = 120.0,
) -> Prediction:
    """Have the model in `files` of the repository predict the rows of a CSV of features.

    The first file should hold the model; the others may hold what it needs. The labels must not be among the
    columns: the student's code sees all that is given here. The files are loaded in the workspace, with the
    Git root and the folders `imports` to import classes from. What comes back is checked: one plain number,
    string or truth value per row.

    Of `more` tables the same process is asked one after the other once it has answered for the first, whose
    answer they cannot change: what they do to the model, or the model to them, is seen in theirs alone.
    """
    tables = {FEATURES.format(place): rows for place, rows in enumerate((features, *more))}
    folders = [str(workspace.repo / inside(folder)) for folder in dict.fromkeys((*imports, "."))]
    try:
        for name, rows in tables.items():
            write_inside(workspace.tmp, name, rows)
        model, *beside = map(inside, files)
        words = (model, *(str(workspace.tmp / name) for name in tables), "--", *folders, "--", *beside)
        answer, done = ask(workspace, "predict_probe.py", *words, timeout=timeout)
    except MalformedEvidence as error:
        return Prediction((), f"the model's answer is unusable: {error.reason}")
    finally:
        for name in tables:
            remove_inside(workspace.tmp, name)
    return _checked(answer, done, workspace, [_rows(rows) for rows in tables.values()])


def _checked(answer: object, done: Completed, workspace: Workspace, rows: list[int]) -> Prediction:
    """The answer, if its types and its lengths are right; otherwise what is wrong with it."""
    if not isinstance(answer, dict):
        return Prediction((), _silence(done))
    ways, model, error = answer.get("ways"), answer.get("model"), answer.get("error")
    name = model if type(model) is str else None
    if type(error) is str:
        return Prediction((), _cleaned(error, workspace), name, plain=answer.get("plain") is True)
    good, wrong = _ways(ways, rows[0])
    told = answer.get("more")
    others = told if isinstance(told, list) and len(told) < len(rows) else []
    more = tuple(_ways(one, count)[0] for one, count in zip(others, rows[1:], strict=False))
    return Prediction(good, None if good else wrong, name, more=more)


def _ways(claim: object, rows: int) -> tuple[tuple[Way, ...], str]:
    """The ways for one table that are what they should be, and what is wrong with the first that is not."""
    found = [_way(one, rows) for one in claim] if isinstance(claim, list) else []
    wrong = next((one for one in found if isinstance(one, str)), "it does not say what it predicts")
    return tuple(one for one in found if isinstance(one, Way)), wrong


def _way(claim: object, rows: int) -> Way | str:
    """One way, if it is what it should be; otherwise what is wrong with it."""
    parts = claim if isinstance(claim, dict) else {}
    name, labels = parts.get("name"), parts.get("labels")
    if type(name) is not str or not _all_labels(labels):
        return "it does not predict one number, string or truth value per row"
    if len(labels) != rows:
        return f"it predicts {len(labels)} labels for {rows} rows"
    classes, chances = parts.get("classes"), parts.get("chances")
    if (
        not _all_labels(classes)
        or len(classes) != BINARY
        or not _all_numbers(chances)
        or len(chances) != rows
    ):
        classes, chances = (), ()
    return Way(name, tuple(labels), tuple(classes), tuple(chances))


def _all_labels(value: object) -> TypeGuard[list[Label]]:
    return isinstance(value, list) and all(type(one) in LABEL_TYPES for one in value)


def _all_numbers(value: object) -> TypeGuard[list[float]]:
    return isinstance(value, list) and all(type(one) is float and math.isfinite(one) for one in value)


def _silence(done: Completed) -> str:
    """Why there is no answer, as far as the end of the process tells."""
    if done.timed_out:
        return f"loading it and predicting took more than {done.seconds:.0f} seconds"
    last = done.stderr.strip().rpartition("\n")[2][:TEXT_LIMIT] or "(no message)"
    return f"loading it or predicting ended the process with exit code {done.exit_code}: {last}"


def _rows(features: bytes) -> int:
    """Rows below the header of a CSV; blank lines are no rows, as pandas reads it."""
    reader = csv.reader(io.StringIO(features.decode("utf-8-sig", "replace"), newline=""))
    return max(0, sum(1 for row in reader if row) - 1)


def _cleaned(text: str, workspace: Workspace) -> str:
    """An error text without what differs from run to run."""
    text = text.replace(str(workspace.root), "/workspace")
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", text)[:TEXT_LIMIT]
