"""What may be a trained model, told from bytes that are never loaded."""

from __future__ import annotations

import gzip
import pickle
import zlib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from harness.evidence.pipeline import Output
from harness.labs.dvc_versioning.model_file import holds_several, tracked_models, why_no_model
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    SCORE,
    Work,
    lock_file,
    locked,
    pipeline_with,
    pointer_to,
)

MODEL = pickle.dumps(Fraction(1, 3))
FOREST = RandomForestClassifier(2).fit(np.eye(4), [0, 1, 0, 1])
PLAIN_VALUES = "is a pickle of plain values such as a string or an array"


@pytest.mark.parametrize(
    "data",
    [
        MODEL,
        pickle.dumps(Fraction(1, 3), protocol=2),
        pickle.dumps(FOREST),
        pickle.dumps({"columns": np.arange(4), "model": FOREST}, protocol=2),
        gzip.compress(MODEL, mtime=0),
        b"\x80not a pickle at all",
        b"\x89HDF\r\n\x1a\n" + bytes(90),
        b'{"trees": [' + b"[0, 1, 2, 3]," * 20 + b"[]]}",
    ],
    ids=[
        "pickle",
        "old pickle",
        "forest",
        "forest and array",
        "compressed",
        "other binary",
        "hdf",
        "json",
    ],
)
def test_what_may_be_a_model(data: bytes) -> None:
    """Pickled objects, other formats, and what cannot be told have the benefit of the doubt."""
    assert why_no_model(len(data), data) is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is an empty file"),
        (b"a model", "is a text that is no model"),
        (b"a random forest with one hundred trees of depth ten, " * 4, "is a text that is no model"),
        (pickle.dumps("a trained model" * 100), PLAIN_VALUES),
        (pickle.dumps({"accuracy": 0.9, "trees": [1, 2]}), PLAIN_VALUES),
        (pickle.dumps(b"model" * 50, protocol=4), PLAIN_VALUES),
        (pickle.dumps(np.array([0.9, 0.95])), PLAIN_VALUES),
        (pickle.dumps(np.array([0.9, 0.95]), protocol=2), PLAIN_VALUES),
        (pickle.dumps([np.float64(0.9), {np.int64(1): np.arange(9)}, np.arange(9)]), PLAIN_VALUES),
        (pickle.dumps(pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})), PLAIN_VALUES),
        (pickle.dumps("model", protocol=0), "is a text that is no model"),
    ],
    ids=[
        "empty",
        "short text",
        "long text",
        "string",
        "numbers",
        "bytes",
        "array",
        "old array",
        "arrays",
        "table",
        "old string",
    ],
)
def test_what_is_no_model(data: bytes, why: str) -> None:
    """A string is no model however it is written down."""
    assert why_no_model(len(data), data) == why


def test_without_bytes_the_recorded_size_decides() -> None:
    """Nothing that fits into 63 bytes is a model; of a larger file nothing can be said."""
    assert why_no_model(0, None) == "is an empty file"
    assert why_no_model(63, None) == "has only 63 bytes"
    assert why_no_model(64, None) is None
    assert why_no_model(None, None) is None


def test_bytes_are_never_loaded() -> None:
    """A pickle that would run a command is looked at, and nothing happens."""
    evil = b"cbuiltins\neval\n(S'1/0'\ntR."
    assert why_no_model(len(evil), evil) is None
    assert why_no_model(100, b"\x80\x02" + evil) is None


def test_the_locks_models_come_first(work: Work) -> None:
    """The output of a training stage by its role, then pointers that look like models, the newest first."""
    work.commit({"a.pkl.dvc": pointer_to(b"old", "a.pkl"), "data.csv.dvc": pointer_to(b"1,2")})
    work.commit({"a.pkl.dvc": pointer_to(b"new", "a.pkl")})
    work.commit({"dvc.lock": lock_file({stage.name: locked(stage) for stage in PLAIN.stages})})
    case = work.case(PLAIN)
    found = tracked_models(case, work.dataset(case))
    assert [(model.path, model.size) for model in found] == [("forest.pkl", None), ("a.pkl", 3), ("a.pkl", 3)]
    assert found[0].where == "dvc.lock at HEAD"


def test_a_model_by_an_odd_name_is_known_by_its_role(work: Work) -> None:
    """What training makes and evaluation reads is the model, with any ending."""
    odd = pipeline_with(
        replace(FIT, outs=(Output("out/f"),)), replace(SCORE, deps=("score.py", "out/f", "test.csv"))
    )
    work.commit({"dvc.lock": lock_file({stage.name: locked(stage) for stage in odd.stages})})
    case = work.case(odd)
    assert [model.path for model in tracked_models(case, work.dataset(case))] == ["out/f"]


def test_data_is_no_model(work: Work) -> None:
    """The dataset's own pointer is not taken for a model's, nor are tables."""
    work.commit({"data/raw/data.csv.dvc": pointer_to(b"1,2"), "test.csv.dvc": pointer_to(b"1", "test.csv")})
    case = work.case()
    assert tracked_models(case, work.dataset(case)) == ()


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_says_whether_it_holds_several_things(protocol: int) -> None:
    """A mapping, a list or a tuple may have something beside the model."""
    model = Fraction(1, 3)
    for several in ({"model": model}, [model], (model, 0.4), (model, 1, 2, 3)):
        assert holds_several(pickle.dumps(several, protocol))
        assert holds_several(zlib.compress(pickle.dumps(several, protocol)))
    for one in (model, FOREST):
        assert not holds_several(pickle.dumps(one, protocol))
        assert not holds_several(gzip.compress(pickle.dumps(one, protocol), mtime=0))
    assert not holds_several(b"")
    assert not holds_several(b"{}")


@pytest.mark.parametrize("data", [gzip.compress(MODEL)[:-9], b"PK\x03\x04", b"\x04\x22\x4d\x18"])
def test_what_cannot_be_looked_into_may_hold_several_things(data: bytes) -> None:
    """A torn file, an archive, a compression that needs another library."""
    assert holds_several(data)
