"""Train a random forest and save it to models/classifier.pkl. Yours to complete: two TODOs."""

import pickle
from pathlib import Path

import pandas as pd
from sklearn.ensemble import RandomForestClassifier

MODEL = Path("models/classifier.pkl")
LABEL = "target"

# TODO 1: which file does preprocess.py leave for training?
DATA = None


def hyperparameters() -> dict:
    """TODO 2: read the `train` section of params.yaml.

    Fill that section first: the number of trees, their depth, and a random state.
    """
    raise NotImplementedError("TODO 2 in scripts/train.py: read the hyperparameters from params.yaml")


def main() -> None:
    params = hyperparameters()
    rows = pd.read_csv(DATA)
    model = RandomForestClassifier(**params)
    model.fit(rows.drop(columns=LABEL), rows[LABEL])
    MODEL.parent.mkdir(parents=True, exist_ok=True)
    MODEL.write_bytes(pickle.dumps(model))
    print(f"Trained on {len(rows)} rows with {params}")


if __name__ == "__main__":
    main()
