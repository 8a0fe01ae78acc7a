"""Split the dataset into training and test rows. Complete: run it, do not change it."""

from pathlib import Path

import pandas as pd
import yaml
from sklearn.model_selection import train_test_split

DATA = Path("data/raw/data.csv")
TRAIN = Path("data/processed/train.csv")
TEST = Path("data/processed/test.csv")
LABEL = "target"


def main() -> None:
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["preprocess"]
    data = pd.read_csv(DATA)
    train, test = train_test_split(
        data,
        test_size=params["test_split"],
        random_state=params["random_state"],
        stratify=data[LABEL],
    )
    for rows, path in ((train, TRAIN), (test, TEST)):
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_csv(path, index=False)
    print(f"{len(train)} rows to train on, {len(test)} rows to test on")


if __name__ == "__main__":
    main()
