"""Parameters are read as DVC reads them, and other values to try mean the same kind of thing."""

from __future__ import annotations

from random import Random

import pytest
from dvc.utils.serialize import parse_toml, parse_yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.params import (
    Value,
    addressable,
    candidates,
    covers,
    declares,
    extremes,
    flatten,
    is_seed,
    load_params,
    lookup,
    milder,
)

YAML = b"seed: 7\ntrain:\n  n: 100  # trees\n  yes: no\n  rate: 1e-3\n  layers: [1, 2]\n"
VALUES: dict[str, Value] = {"seed": 7, "train": {"n": 100, "yes": "no", "rate": 0.001, "layers": [1, 2]}}


def test_yaml_as_dvc_reads_it() -> None:
    """YAML is read by version 1.2, as DVC does: `yes` and `no` are text."""
    assert load_params("params.yaml", YAML) == VALUES == parse_yaml(YAML.decode(), "params.yaml")


def test_toml_as_dvc_reads_it() -> None:
    """TOML has sections, and dates become text."""
    text = "seed = 7\n[train]\nn = 100\nrate = 0.5\nlayers = [1, {a = 2}]\n"
    assert load_params("p.toml", text.encode()) == parse_toml(text, "p.toml")
    assert load_params("p.TOML", b"day = 2026-01-02\n") == {"day": "2026-01-02"}


def test_json_and_python() -> None:
    """JSON and Python files are chosen by their ending."""
    assert load_params("p.json", b'{"a": {"b": 1}}') == {"a": {"b": 1}}
    assert load_params("p.py", b"A = 1\n") == {"A": 1}


@pytest.mark.parametrize("path", ["p.yaml", "p.py", "p.toml"])
def test_empty_file(path: str) -> None:
    """An empty file holds no parameters."""
    assert load_params(path, b"") == {}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("p.yaml", b"a: ["),
        ("p.yaml", b"- 1\n"),
        ("p.yaml", b"\xff"),
        ("p.json", b"{"),
        ("p.json", b"[1]"),
        ("p.toml", b"a = "),
        ("p.toml", b"a = " + b"[" * 20_000),
        ("p.py", b"a = ("),
    ],
)
def test_malformed(path: str, data: bytes) -> None:
    """What cannot be read as what the ending says is MalformedEvidence with the path."""
    with pytest.raises(MalformedEvidence) as caught:
        load_params(path, data)
    assert caught.value.path == path


def test_a_toml_key_of_many_parts() -> None:
    """The reader would need minutes for it; a file with many short keys is fine."""
    with pytest.raises(MalformedEvidence, match="not valid TOML"):
        load_params("p.toml", b".".join([b"a"] * 1001) + b" = 1\n")
    assert len(load_params("p.toml", b"".join(b"a%d.b = 1\n" % number for number in range(2000)))) == 2000
    with pytest.raises(MalformedEvidence, match=r"^p\.toml: holds a key of more than 1000 parts$"):
        load_params("p.toml", b".".join([b"a"] * 1002) + b" = 1\n")


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("p.toml", b"a = \n", r"not valid TOML: Invalid value \(at line 1, column 5\)"),
        ("p.json", b"[1]", "parameters should be a mapping, found list"),
        ("p.yaml", b"#" * (1024 * 1024 + 1), "larger than 1024 KiB"),
    ],
)
def test_malformed_parameters_say_why(path: str, data: bytes, reason: str) -> None:
    """The file and the fault in it are named."""
    with pytest.raises(MalformedEvidence, match=rf"^{path}: {reason}$"):
        load_params(path, data)


@given(st.binary(max_size=60), st.sampled_from(["p.yaml", "p.json", "p.toml", "p.py"]))
def test_any_bytes(data: bytes, path: str) -> None:
    """Any bytes give a mapping or MalformedEvidence, nothing else."""
    try:
        assert isinstance(load_params(path, data), dict)
    except MalformedEvidence:
        return


def test_only_what_a_key_leads_to_can_be_addressed() -> None:
    """A name with a dot in it stands for a section elsewhere, or for nothing."""
    tree: dict[str, Value] = {
        "a": {"b": 1, "c": [1, 2]},
        "sklearn>=1.4": 1,
        "at": {"0.5": 2},
        "a.b": 3,
        "0": {"1": 4},
    }
    assert addressable(tree) == {"a.c": [1, 2], "0.1": 4}
    assert addressable({"a": {"b": 1}}) == flatten({"a": {"b": 1}})


def test_flatten() -> None:
    """Sections become dotted keys in the order of the file; lists and empty sections are leaves."""
    assert list(flatten(VALUES).items()) == [
        ("seed", 7),
        ("train.n", 100),
        ("train.yes", "no"),
        ("train.rate", 0.001),
        ("train.layers", [1, 2]),
    ]
    assert flatten({"a": {}}) == {"a": {}}


def rng(seed: int) -> Random:
    """A generator that draws the same values for the same seed."""
    return Random(seed)  # noqa: S311 - values to try, no secrets


KEYS = st.text("abc", min_size=1, max_size=3)
TREES = st.dictionaries(
    KEYS,
    st.recursive(st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=6),
    max_size=4,
)


@given(TREES)
def test_lookup_finds_what_flatten_names(tree: dict[str, Value]) -> None:
    """Each flattened key looks its own value up."""
    assert all(lookup(tree, key) == value for key, value in flatten(tree).items())


def test_lookup() -> None:
    """Sections and list items can be looked up; a key that is not there is a KeyError."""
    assert lookup(VALUES, "train") == VALUES["train"]
    assert lookup(VALUES, "train.layers.1") == 2
    for key in ("train.depth", "seed.x", "train.layers.2", "train.layers.x", ""):
        with pytest.raises(KeyError):
            lookup(VALUES, key)


def test_what_a_declaration_covers() -> None:
    """A key covers itself and its section's keys; no keys at all cover the whole file."""
    assert covers("train", "train.n")
    assert covers("train.n", "train.n")
    assert not covers("train.n", "train")
    assert not covers("tra", "train.n")
    assert declares([], "anything")
    assert declares(["seed", "train"], "train.n")
    assert not declares(["seed"], "train.n")


@pytest.mark.parametrize(
    ("value", "key"), [(100, "n"), (1, "n"), (7, "random_state"), (0.2, "split"), (2.5, "x")]
)
def test_candidates_are_others_of_the_kind(value: float, key: str) -> None:
    """Candidates differ from the value and from each other, keep its type, and are the same for one seed."""
    found = candidates(value, key, rng(1))
    assert len(found) >= 3
    assert value not in found
    assert len(set(map(repr, found))) == len(found)
    assert {type(one) for one in found} == {type(value)}
    assert found == candidates(value, key, rng(1))


def test_candidates_by_meaning() -> None:
    """Counts become small first, fractions stay fractions, flags flip, and text is left alone."""
    counts = candidates(100, "n", rng(0))
    assert set(counts[:3]) == {1, 2, 3}
    assert all(isinstance(one, float) and 0 < one < 1 for one in candidates(0.25, "split", rng(0)))
    assert candidates(value=True, key="flag", rng=rng(0)) == (False,)
    others: list[Value] = ["gini", None, [1], {}]
    assert all(candidates(value, "x", rng(0)) == () for value in others)


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (0.25, {0.1, 0.15, 0.2, 0.3, 0.35, 0.4, 0.5}),
        (0.21, {0.1, 0.15, 0.3, 0.35, 0.4, 0.5}),  # what is close might give the very same split
        (0.0, {0.5, 1.0, 2.0}),
        (1.0, {0.5, 1.5, 2.0}),
        (1.5, {0.75, 2.25, 3.0}),
        (-4.0, {-2.0, -6.0, -8.0}),
        (10 / 3, {1.666666666667, 5.0, 6.666666666667}),
    ],
)
def test_candidates_for_floats(value: float, others: set[float]) -> None:
    """A share becomes another one, not too close; another number its half, double, or between."""
    assert set(candidates(value, "x", rng(0))) == others


def test_candidates_for_ints() -> None:
    """After the small counts come some from half as many to twice as many; seeds go up to four digits."""
    assert candidates(100, "n", rng(0))[3:] == (54, 103, 107, 201, 206)
    assert candidates(-2, "n", rng(0))[3:] == (5, 9, 10)
    assert candidates(7, "seed", rng(1)) == tuple(rng(1).sample(range(1, 10_000), 8))


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(), st.integers())
def test_candidates_never_repeat_the_value(value: Value, seed: int) -> None:
    """Whatever the number, it is not among its own alternatives."""
    assert all(one != value for one in candidates(value, "n", rng(seed)))
    assert all(one != value for one in candidates(value, "seed", rng(seed)))


@given(st.integers() | st.floats(1e-200, 1e200) | st.booleans() | st.none() | st.text(max_size=3))
def test_extremes_are_other_values(value: Value) -> None:
    """Every plain value has one or two others far from it."""
    found = extremes("n", value)
    assert 1 <= len(found) <= 2
    assert value not in found


def test_extremes_by_meaning() -> None:
    """Counts go down to one and three, seeds to other seeds, and lists and sections become a number."""
    assert extremes("train.n", 100) == (1, 3)
    assert extremes("train.n", 1) == (3, 2)
    assert extremes("x.random_state", 42) == (43, 4284)
    assert extremes("x.split", 0.2) == (0.5, 0.1)
    assert extremes("x.split", 0.5) == (0.1, 0.35)
    assert [extremes("x", one) for one in (0.0, 1.0, 2.5)] == [(1.0, 10.0), (10.0, 0.1), (25.0, 0.25)]
    assert extremes("x.criterion", "gini") == ("no-such-value",)
    assert extremes("x.depth", None) == (1, 3)
    assert extremes("x", [1]) == extremes("x", []) == extremes("x", {}) == (7,)


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (10, (5, 21)),
        (1, (0, 3)),
        (0, (1,)),
        (-1, (1,)),
        (0.2, (0.15, 0.25)),
        (0.0, (0.01,)),
        ("gini", ("entropy", "log_loss")),
        ("log2", ("sqrt",)),
        ("data.csv", ()),
        (["a", "b"], (["a"], ["b", "a"])),
        (["a"], ([],)),
        ([], (["no-such-value"], [1])),
        ({}, ({"no_such_key": 1},)),
        (True, ()),
        (None, ()),
    ],
)
def test_milder_values_are_of_the_same_kind(value: Value, others: tuple[Value, ...]) -> None:
    """Half and double, other options that scikit-learn has, a list with an item less or in another order."""
    assert milder(value) == others


@pytest.mark.parametrize(
    ("key", "result"),
    [
        ("a.seed", True),
        ("a.b.my_seed_2", True),
        ("RANDOM_STATE", True),
        ("x.y.randomState", True),
        ("x.rng", True),
        ("n", False),
        ("seed.n", False),
        ("a.seed.n", False),
        ("x.ring", False),
    ],
)
def test_seeds(key: str, result: bool) -> None:  # noqa: FBT001 - a table of truths
    """Only the last part of a key tells a seed."""
    assert is_seed(key) is result
