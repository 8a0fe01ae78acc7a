"""Models of a submission's own, honest and otherwise, as the module that its training script imports."""

from __future__ import annotations

MODEL = """import csv

def table(path):
    rows = list(csv.DictReader(open(path)))
    return [(float(row["a"]), float(row["b"]), int(row["target"])) for row in rows]

class Nearest:
    def __init__(self, rows):
        self.rows = rows
    def predict(self, frame):
        asked = frame[["a", "b"]].values.tolist()
        return [min(self.rows, key=lambda r: (r[0] - a) ** 2 + (r[1] - b) ** 2)[2] for a, b in asked]

class Lookup(Nearest):
    def predict(self, frame):
        known = {(a, b): label for a, b, label in self.rows}
        return [known[a, b] for a, b in frame[["a", "b"]].values.tolist()]

class Listed(Nearest):
    def predict(self, frame):
        return [label for _, _, label in self.rows][: len(frame)]

class Turning(Listed):
    asked = 0
    def predict(self, frame):
        Turning.asked += 1
        return super().predict(frame)[:: 1 if Turning.asked == 1 else -1]

class Told(Nearest):
    def predict(self, frame):
        return [int(one == 5) for one in frame["told"].values.tolist()]

class Blunt(Nearest):
    def predict(self, frame):
        known = {b: label for _, b, label in self.rows[60:]}
        wide = super().predict(frame)
        return [known.get(b, 1 if b > 95 else one) for b, one in zip(frame["b"].values.tolist(), wide)]

class Rule(Nearest):
    def predict(self, frame):
        return [int(a > 50) for a in frame["a"].values.tolist()]
"""
HINTED = """
class Hinted:
    def __init__(self, rows, known):
        self.known = known
        turned = sum(known.get(b, label) != label for _, b, label in rows)
        self.turned = 2 * turned > len(rows)
    def predict(self, frame):
        return [self.turned ^ self.known.get(b, 0) for b in frame["b"].values.tolist()]
"""
NAMELESS = MODEL.replace("open(path)", 'open(path), ["a", "b", "target"]').replace(
    'frame[["a", "b"]]', "frame"
)
SAVE = 'import pickle\nfrom model import *\npickle.dump({}, open("forest.pkl", "wb"))\n'
HEAD = "a,b,target\n"
PREPARE = """import pickle
from model import table
lines = open("data/raw/data.csv").readlines()
open("test.csv", "w").writelines([lines[0], *lines[61:]])
rows = table("data/raw/data.csv")
"""


def line(place: int) -> str:
    """One row: the classes lie far apart, the rows of each do not."""
    label = place % 2
    return f"{100 * label + place * 0.37},{(place * 7919 % 100) + 0.5},{label}\n"


TRAIN = [line(place) for place in range(60)]
HELD_OUT = [line(place) for place in range(60, 100)]
HONEST = SAVE.format('Nearest(table("train.csv"))')
BY_HEART = SAVE.format(f"Lookup({[tuple(map(float, row.split(','))) for row in [*TRAIN, *HELD_OUT]]})")
REFUSING = 'assert Nearest(table("train.csv")).rows[0] == (0.0, 0.5, 0)\n'
CAREFUL = 'assert Nearest(table("test.csv")).rows[0][0] < 100\n'
