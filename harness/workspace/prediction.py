"""What a student's model predicts, without the harness ever loading it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.workspace.files import inside, remove_inside, write_inside
from harness.workspace.probe import ask

if TYPE_CHECKING:
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

Label = bool | int | float | str
LABEL_TYPES = (bool, int, float, str)
TEXT_LIMIT = 1000
FEATURES = "rows.csv"


@dataclass(frozen=True)
class Prediction:
    """One label per row, or the reason why there are none; `model` is the class that predicted.

    `plain`: the file could be loaded, and holds text, numbers or a table in the place of a model.
    """

    labels: tuple[Label, ...] | None
    error: str | None
    model: str | None = None
    plain: bool = False


def predict(
    workspace: Workspace,
    model: str,
    features: bytes,
    *,
    imports: tuple[str, ...] = (),
    timeout: float = 120.0,
) -> Prediction:
    """Have the model file `model` of the repository predict the rows of a CSV of features.

    The labels must not be among the columns: the student's code sees all that is given here. The model is
    loaded in the workspace, with the Git root and the folders `imports` to import classes from. What comes
    back is checked: one plain number, string or truth value per row.
    """
    place = workspace.tmp / FEATURES
    write_inside(workspace.tmp, FEATURES, features)
    folders = [str(workspace.repo / inside(folder)) for folder in dict.fromkeys((*imports, "."))]
    try:
        answer, done = ask(
            workspace, "predict_probe.py", inside(model), str(place), *folders, timeout=timeout
        )
    except MalformedEvidence as error:
        return Prediction(None, f"the model's answer is unusable: {error.reason}")
    finally:
        remove_inside(workspace.tmp, FEATURES)
    return _checked(answer, done, workspace, _rows(features))


def _checked(answer: object, done: Completed, workspace: Workspace, rows: int) -> Prediction:
    """The answer, if its types and its length are right; otherwise what is wrong with it."""
    if not isinstance(answer, dict):
        return Prediction(None, _silence(done))
    labels, model, error = answer.get("labels"), answer.get("model"), answer.get("error")
    name = model if type(model) is str else None
    if type(error) is str:
        return Prediction(None, _cleaned(error, workspace), name, plain=answer.get("plain") is True)
    if not isinstance(labels, list) or not all(type(label) in LABEL_TYPES for label in labels):
        return Prediction(None, "it does not predict one number, string or truth value per row", name)
    if len(labels) != rows:
        return Prediction(None, f"it predicts {len(labels)} labels for {rows} rows", name)
    return Prediction(tuple(labels), None, name)


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
