"""Score the model on the test rows and save metrics/scores.json. Yours to complete: two TODOs."""

import json
import pickle
from pathlib import Path

import pandas as pd

MODEL = Path("models/classifier.pkl")
SCORES = Path("metrics/scores.json")
LABEL = "target"

# TODO 1: which file holds the rows that the model has never seen?
DATA = None


def score(truth: pd.Series, predicted: pd.Series) -> dict[str, float]:
    """TODO 2: return accuracy, precision, recall and f1, each a plain float.

    sklearn.metrics has a function for each of them.
    """
    raise NotImplementedError("TODO 2 in scripts/evaluate.py: compute the four metrics")


def main() -> None:
    rows = pd.read_csv(DATA)
    model = pickle.loads(MODEL.read_bytes())
    scores = score(rows[LABEL], model.predict(rows.drop(columns=LABEL)))
    SCORES.parent.mkdir(parents=True, exist_ok=True)
    SCORES.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    print(f"Scored on {len(rows)} rows: {scores}")


if __name__ == "__main__":
    main()
