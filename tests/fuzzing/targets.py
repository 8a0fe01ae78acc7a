"""Every parser of a handed-in file, with what the lab does to what it reads, and files to start from."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from harness.errors import MalformedEvidence
from harness.evidence.config import parse_config
from harness.evidence.experiments import Experiment, Origin, distinct, locked_params
from harness.evidence.listing import read_listing
from harness.evidence.lock import parse_lock
from harness.evidence.metrics import find_scores, load_metrics
from harness.evidence.params import Value, candidates, declares, extremes, flatten, load_params, lookup
from harness.evidence.params_edit import delete, edit
from harness.evidence.pipeline import Pipeline
from harness.evidence.pointers import parse_pointer
from harness.evidence.prose import described_in
from harness.evidence.prose import distinct as distinct_told
from harness.evidence.prose_names import Names
from harness.evidence.rows import contains, join_label, label_column, same_rows, split_label
from harness.evidence.safe_yaml import load_json, load_yaml
from harness.evidence.scoring import match
from harness.evidence.table import read_table
from harness.labs.dvc_versioning.copies import unpacked
from harness.submission.objects import scan_objects
from harness.submission.recovery import Recovery
from harness.workspace.dvc_config import point_dvc

MOST_EDITED = 6
MOST_UNPACKED = 1 << 20


def archive_of(*files: tuple[str, bytes]) -> bytes:
    """A zip archive, the same whenever it is made."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


LOCK = b"""schema: '2.0'
stages:
  train:
    cmd: python train.py --n ${n}
    deps:
    - path: data/train.csv
      hash: md5
      md5: 5afc23b9622f8f9ffa60824f4e97d0d5
      size: 123
      isexec: true
    params:
      params.yaml:
        train.n_estimators: 100
        train: {max_depth: 10, seed: null}
    outs:
    - path: models
      hash: md5
      md5: 5afc23b9622f8f9ffa60824f4e97d0d5.dir
      size: 9
      nfiles: 2
"""
POINTER = b"""wdir: ..
md5: 0123456789abcdef0123456789abcdef
frozen: true
deps:
- path: /elsewhere/data.csv
outs:
- md5: 5afc23b9622f8f9ffa60824f4e97d0d5
  size: 125204
  hash: md5
  path: data/raw/data.csv
"""
PARAMS = b"""# values
preprocess: &p
  test_split: 0.2
  random_state: 42  # the answer
train:
  <<: *p
  n_estimators: 100
  max_depth: null
  layers: [64, 32]
  name: "forest"
  on: true
"""
PARAMS_PY = b"""N = 1
class Train:
    depth: int = 10
    rate = 1e-3
    layers = {"a": [1, 2], "b": (3,)}
    def __init__(self):
        self.seed = 42
"""
PARAMS_TOML = b"""title = "x"
[train]
depth = 10
rate = 1e-3
when = 2026-01-01T00:00:00Z
[[stages]]
name = 'a'
points.x.y = [1, 2.5, "z"]
"""
METRICS = json.dumps(
    {"accuracy": 0.9482, "test": {"f1-score": 0.95, "macro avg": {"precision": 1.0}}, "recall": 1, "n": [1]}
).encode()
CONFIG = b"""[core]
    remote = storage
    autostage = true
['remote "storage"']
    url = ../dvc-storage
['remote "cloud"']
    url = s3://bucket/path
    secret_access_key = "abc"
"""
CSV = b'mean radius,note,target\n17.99,a,0\n20.57,"b,\nc",0\n11.42,,1\n12.45,nan,1\n'
LISTING = b'[{"md5": "5afc23b9622f8f9ffa60824f4e97d0d5", "relpath": "a/b.csv"}]'
ZIPPED = archive_of(("a.csv", CSV), ("b/c.csv", CSV * 50))
PROSE = b"""# Runs
dvc exp run -S train.n_estimators=50 -S 'train.max_depth=5' --name a
for n in 10 20; do dvc exp run -S n_estimators=$n; done
| n_estimators | max depth | accuracy |
|---|---|---|
| 50 | `5` | 94.8% |
| **100** | None | 0.95 |
n_estimators: 10, max_depth = 3 gave accuracy=0.93
"""
NOTEBOOK = json.dumps(
    {"cells": [{"source": ["n_estimators = 5\n", "accuracy: 0.9"]}, {"source": 3}]}
).encode()
DESCRIPTION = json.dumps(
    {
        "error": None,
        "stages": [
            {
                "address": "train", "name": "train", "file": "dvc.yaml", "wdir": ".", "cmd": ["python t.py"],
                "root": ".", "frozen": False, "always_changed": False, "persist": [], "deps": ["a.csv"],
                "listed": False,
                "params": {"params.yaml": ["train.n"]}, "filled": {"params.yaml": ["train.m"]},
                "outs": [{"path": "m", "cached": True, "kind": "out"}],
            }
        ],
        "metrics": [], "plots": [], "params_files": [],
    }
).encode()  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A parser under a name, and the files that it is made for."""

    name: str
    parse: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def read_packed(path: str) -> Callable[[bytes], object]:
    """Look into a packed file in Git for the dataset."""
    return lambda data: [(name, len(found)) for name, found in unpacked(path, data, MOST_UNPACKED)]


def read_params(path: str) -> Callable[[bytes], object]:
    """Read a parameters file, and do to each value what scenarios do to it."""

    def parse(data: bytes) -> object:
        values = load_params(path, data)
        flat = flatten(values)
        for key, value in list(flat.items())[:MOST_EDITED]:
            others = (*candidates(value, key, Random(1)), *extremes(key, value))  # noqa: S311 (no secret)
            _changed(path, data, key, others[:1])
        alone = Experiment(Origin("x", "0" * 40, "", "commit"), (), {}, flat, {}, belongs=False)
        return alone.identity, [declares(["train"], key) for key in flat]

    return parse


def _changed(path: str, data: bytes, key: str, others: Iterable[Value]) -> None:
    """Edit and delete one key; a key with a dot of its own is no dotted key."""
    try:
        lookup(load_params(path, data), key)
    except KeyError:
        return
    with contextlib.suppress(MalformedEvidence):
        load_params(path, delete(path, data, key))
    for value in others:
        with contextlib.suppress(MalformedEvidence):
            assert repr(lookup(load_params(path, edit(path, data, key, value)), key)) == repr(value)


def read_lock_file(data: bytes) -> object:
    """Read a lock, and tell its parameters from another's."""
    lock = parse_lock("sub/dvc.lock", data, {"train": "sub/deeper"})
    one = Experiment(
        Origin("x", "0" * 40, "", "commit"), (lock,), locked_params([lock]), {}, {}, belongs=False
    )
    return distinct([one, one]), lock.outs


def read_metrics_file(path: str) -> Callable[[bytes], object]:
    """Read a metrics file, find the scores in it, and compare them with the right ones."""
    return lambda data: match(find_scores(load_metrics(path, data)).values, [0, 1, 1, 0], [0, 1, 0, 0])


def read_configuration(data: bytes) -> object:
    """Read a DVC configuration as evidence, and point a repository that has it at other places."""
    with tempfile.TemporaryDirectory() as place:
        repo = Path(place, "repo")
        (repo / ".dvc").mkdir(parents=True)
        (repo / ".dvc" / "config").write_bytes(data)
        point_dvc(repo, cache=Path(place, "cache"), storage=Path(place, "storage"))
        assert b"workspace-storage" in (repo / ".dvc" / "config.local").read_bytes()
    config = parse_config(".dvc/config", data)
    return config.default_is_defined, repr(config)


def read_data(path: str) -> Callable[[bytes], object]:
    """Read a table, part features from labels in each way, and compare its rows."""

    def parse(data: bytes) -> object:
        table = read_table(path, data)
        column = label_column(table, ("target",)) or label_column(table, (), [0, 1])
        found: list[object] = [same_rows(table, table), contains(table, table), join_label(table, table)]
        for name in dict.fromkeys([column, *table.columns[:3]]):
            found += [split_label(table, name)] if name is not None else []
        return found

    return parse


def read_listing_of_folder(data: bytes) -> object:
    """Take the listing of a tracked folder from a handed-in cache, and look the files up that it names."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    with tempfile.TemporaryDirectory() as place:
        listing = Path(place, "lab", ".dvc", "cache", "files", "md5", md5[:2], f"{md5[2:]}.dir")
        listing.parent.mkdir(parents=True)
        listing.write_bytes(data)
        recovery = Recovery(Path(place, "store"))
        recovery.add_objects(scan_objects(Path(place, "lab")), [f"{md5}.dir"])
        assert recovery.find(f"{md5}.dir") is not None
        return read_listing(listing)


def read_prose(path: str) -> Callable[[bytes], object]:
    """Find the experiments that a text tells of."""
    names = Names(frozenset({"train.n_estimators", "train.max_depth"}), frozenset({"accuracy", "f1"}))
    return lambda data: distinct_told(described_in(path, data, names))


def read_description(data: bytes) -> object:
    """Take an answer that a probe gave, or that a submission wrote in its place."""
    pipeline = Pipeline.from_description(load_json(data, "answer"))
    return pipeline.edges, pipeline.order


TARGETS = (
    Target("yaml", lambda data: load_yaml(data, "f", finite=True), (LOCK, POINTER, PARAMS)),
    Target("json", lambda data: load_json(data, "f", finite=True), (METRICS, LISTING, DESCRIPTION)),
    Target("dvc.lock", read_lock_file, (LOCK,)),
    Target("pointer", lambda data: parse_pointer("data/raw/data.csv.dvc", data), (POINTER,)),
    Target("params.yaml", read_params("params.yaml"), (PARAMS,)),
    Target("params.json", read_params("params.json"), (METRICS, b'{"train": {"n": 1, "s": null}}')),
    Target("params.toml", read_params("params.toml"), (PARAMS_TOML,)),
    Target("params.py", read_params("params.py"), (PARAMS_PY,)),
    Target("metrics.json", read_metrics_file("scores.json"), (METRICS,)),
    Target("metrics.yaml", read_metrics_file("scores.yaml"), (METRICS, b"test:\n  acc: 0.9\n  F1: .95\n")),
    Target("metrics.toml", read_metrics_file("scores.toml"), (b"accuracy = 0.9\n[test]\nf1 = 1\n",)),
    Target("config", read_configuration, (CONFIG,)),
    Target("table.csv", read_data("data.csv"), (CSV,)),
    Target("listing.dir", read_listing_of_folder, (LISTING,)),
    Target("backup.zip", read_packed("backup.zip"), (ZIPPED,)),
    Target("backup.gz", read_packed("backup.gz"), (gzip.compress(CSV, mtime=0),)),
    Target("README.md", read_prose("README.md"), (PROSE,)),
    Target("notebook", read_prose("n.ipynb"), (NOTEBOOK,)),
    Target("run.sh", read_prose("run.sh"), (PROSE,)),
    Target("description", read_description, (DESCRIPTION,)),
)
