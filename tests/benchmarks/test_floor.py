"""A whole grade against the bare sum of the lab's own compute, in one process that has it all imported."""

from __future__ import annotations

import pickle
from pathlib import Path

import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from sklearn.model_selection import train_test_split

from fixtures.submissions.area import TEMPLATE
from harness.workspace.warm.launcher import chosen_launcher
from tests.benchmarks.grading import graded
from tests.benchmarks.measuring import ROUNDS, benchmark, keep, ratios, seconds

DATA = TEMPLATE / "data" / "raw" / "data.csv"
# Trees and depth of each model that lab.sh trains: the first, with more trees, three experiments.
MODELS = ((100, 10), (200, 10), (5, 2), (10, 3), (50, 5))
SCORES = (accuracy_score, precision_score, recall_score, f1_score)


def computed(root: Path) -> None:
    """Split, fit, pickle, predict and score: what the script's stages do, and nothing else."""
    frame = pd.read_csv(DATA)
    train, test = train_test_split(frame, test_size=0.2, stratify=frame["target"], random_state=42)
    train.to_csv(root / "train.csv", index=False)
    test.to_csv(root / "test.csv", index=False)
    for trees, depth in MODELS:
        model = RandomForestClassifier(n_estimators=trees, max_depth=depth, random_state=42)
        model.fit(train.drop(columns="target"), train["target"])
        (root / "model.pkl").write_bytes(pickle.dumps(model))
        predicted = model.predict(test.drop(columns="target"))
        assert all(score(test["target"], predicted) > 0 for score in SCORES)


@benchmark
def test_floor(tmp_path: Path) -> None:
    """The bare compute and a grade in a warm worker, in turn."""
    found: dict[str, list[float]] = {"bare compute": [], "full grade, warm worker": []}
    with chosen_launcher(cold=False) as launcher:
        graded(launcher)
        computed(tmp_path)
        for _ in range(ROUNDS):
            found["bare compute"].append(seconds(lambda: computed(tmp_path)))
            found["full grade, warm worker"].append(seconds(lambda: graded(launcher)))
    keep("floor", ratios(found, "bare compute"))
