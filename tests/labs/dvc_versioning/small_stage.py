"""A stage that trains a forest on a table with a few parameters, in no time."""

from __future__ import annotations

from harness.evidence.pipeline import Output, Stage

FIT = """import yaml
p = yaml.safe_load(open("params.yaml"))["fit"]
open("forest.txt", "w").write(open("train.txt").read() * p["trees"] + str(p.get("depth", 3)))
"""
FILES = {
    "fit.py": FIT,
    "params.yaml": "fit:\n  trees: 5\n  depth: 3\n  spare: 7\nother:\n  x: 1\n",
    "train.txt": "a\n",
    "test.txt": "b\n",
}
STAGE = Stage(
    "fit",
    "fit",
    cmd=("python fit.py",),
    deps=("fit.py", "train.txt"),
    params={"params.yaml": ("fit.trees", "fit.depth")},
    outs=(Output("forest.txt"),),
)
