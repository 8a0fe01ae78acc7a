"""Rehearsals: what a template does once, of its own, so that its commands do not do it for the first time.

Half of what a short command costs is spent on first uses: patterns compiled, schemas and decorators built,
classes compared, byte code specialised, plugins looked for. A fork inherits all that. The material is ours;
what a rehearsal leaves in the process is what any earlier call of the same library would leave.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.workspace.environment import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 40
PARAMS = "a: 1\nb:\n  c: 0.5\n"
PIPELINE = """\
stages:
  first:
    cmd: cp source.txt copy.txt
    deps: [source.txt]
    params: [a]
    outs: [copy.txt]
  second:
    cmd: cp copy.txt scores.json
    deps: [copy.txt]
    params: [b.c]
    metrics:
    - scores.json:
        cache: false
"""


def rehearse(kind: str) -> None:
    """Rehearse what the commands of a template do; what cannot be done is left to them."""
    rehearsal = REHEARSALS.get(kind)
    if rehearsal is not None:
        with contextlib.suppress(Exception):
            rehearsal()


def run_a_pipeline() -> None:
    """Make a DVC repository in a temp dir and run a pipeline of two stages; ValueError if that fails."""
    tqdm = importlib.import_module("tqdm").tqdm
    main: Callable[[list[str]], int] = importlib.import_module("dvc.cli").main
    interval, tqdm.monitor_interval = tqdm.monitor_interval, 0  # it would start a thread
    try:
        with _elsewhere() as place:
            importlib.import_module("dulwich.porcelain").init(str(place))
            for name, text in (("source.txt", "{}\n"), ("params.yaml", PARAMS), ("dvc.yaml", PIPELINE)):
                (place / name).write_text(text, encoding="utf-8")
            for words in (["init", "-q"], ["repro", "-q"]):
                if main(words):
                    raise ValueError(f"dvc {' '.join(words)} fails here")
    finally:
        tqdm.monitor_interval = interval


def handle_a_table() -> None:
    """Write and read a small table, look at it, split it and score a guess; fits no model.

    A fit could start threads, which no fork inherits.
    """
    pandas = importlib.import_module("pandas")
    frame = pandas.DataFrame(
        {
            "a": [row / 7 for row in range(ROWS)],
            "b": list(range(ROWS)),
            "label": ["x", "y"] * (ROWS // 2),
        }
    )
    frame = pandas.read_csv(io.StringIO(frame.to_csv(index=False))).dropna().drop_duplicates()
    frame.describe()
    frame.isna().sum()
    frame["label"].value_counts()
    frame["label"].map({"x": 0, "y": 1}).to_numpy()
    frame.groupby("label").mean()
    split = importlib.import_module("sklearn.model_selection").train_test_split
    *_, left = split(frame.drop(columns=["label"]), frame["label"], random_state=1, stratify=frame["label"])
    metrics = importlib.import_module("sklearn.metrics")
    metrics.accuracy_score(left, left)
    metrics.confusion_matrix(left, left)
    for score in (metrics.f1_score, metrics.precision_score, metrics.recall_score):
        score(left, left, average="macro")


REHEARSALS: dict[str, Callable[[], None]] = {"dvc": run_a_pipeline, "python": handle_a_table}


@contextlib.contextmanager
def _elsewhere() -> Iterator[Path]:
    """A folder to work in, with the environment of a workspace; both are gone afterwards."""
    here, before = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        surroundings = Surroundings.under(root)
        surroundings.make()
        place = root / "repo"
        place.mkdir()
        os.environ.update(surroundings.variables())
        os.chdir(place)
        try:
            yield place
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)
            tempfile.tempdir = None
