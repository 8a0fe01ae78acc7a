"""An edit changes one parameter and nothing else, in whatever format, and keeps how the file is written."""

from __future__ import annotations

import json

import pytest
import tomlkit
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.params import Value, flatten, load_params
from harness.evidence.params_edit import delete, edit

YAML = (
    b"# top\r\ntrain:\r\n  n: 100   # trees\r\n  rate:   0.5\r\n  inner: {q: 1, r: 'x'} # z\r\n"
    b"  empty:\r\n  list: [1, 2]\r\nlast: 1"
)
PYTHON = b"N = 100  # \xc3\xa9\r\nclass T:\r\n    D: int = 5\r\nQ = {'a': 1, 'b': {'c': 2}}\r\n"
TOML = b"# top\r\nn = 100   # trees\r\n[train]\r\ndepth = 5 # d\r\na.b = 0.5\r\n"


@pytest.mark.parametrize(
    ("key", "value", "before", "after"),
    [
        ("train.n", 3, b"n: 100   #", b"n: 3   #"),
        ("train.rate", 0.25, b"rate:   0.5", b"rate:   0.25"),
        ("train.rate", 1e-05, b"0.5", b"1.0e-05"),
        ("train.inner.q", 2, b"q: 1", b"q: 2"),
        ("train.inner.r", "it's", b"'x'", b'"it\'s"'),
        ("train.empty", 5, b"empty:", b"empty: 5"),
        ("train.list.1", 9, b"[1, 2]", b"[1, 9]"),
        ("train.list", [True], b"[1, 2]", b"[true]"),
        ("last", None, b"last: 1", b"last: null"),
    ],
)
def test_yaml_keeps_everything_else(key: str, value: Value, before: bytes, after: bytes) -> None:
    """Only the value's own bytes change: comments, blanks and CRLF stay."""
    assert edit("p.yaml", YAML, key, value) == YAML.replace(before, after)


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("train.n", b"  n: 100   # trees\r\n", b""),
        ("train.empty", b"  empty:\r\n", b""),
        ("last", b"last: 1", b""),
    ],
)
def test_yaml_delete_takes_the_line(key: str, before: bytes, after: bytes) -> None:
    """Deleting a key takes its line and nothing else."""
    assert delete("p.yaml", YAML, key) == YAML.replace(before, after)


def test_yaml_delete_the_only_key() -> None:
    """A section that loses its only key stays as an empty one, with the comments around it."""
    assert delete("p.yaml", b"a:\n  n: 1  # c\n# d\nb: 2\n", "a.n") == b"a:\n  {}  # c\n# d\nb: 2\n"


def test_yaml_delete_leaves_an_empty_line_before() -> None:
    """The first key may stand below an empty first line."""
    assert delete("p.yaml", b"\nn: 1\nm: 2\n", "n") == b"\nm: 2\n"


@pytest.mark.parametrize("key", ["base.n", "copy.n", "other"])
def test_yaml_anchors(key: str) -> None:
    """Where a value is shared through an anchor or a merge key, only the asked key changes."""
    data = b"base: &b\n  n: &n 1\n  m: 2 # two\ncopy:\n  <<: *b\n  k: 3\nother: *n\n"
    before = flatten(load_params("p.yaml", data))
    after = edit("p.yaml", data, key, 9)
    assert flatten(load_params("p.yaml", after)) == before | {key: 9}
    assert (b"# two" in after) is (key != "base.n")


def test_byte_order_mark_stays() -> None:
    """A byte order mark, as Windows editors write it, stays at the start, in a file that is dumped too."""
    assert edit("p.yaml", b"\xef\xbb\xbfa: 1\n", "a", 2) == b"\xef\xbb\xbfa: 2\n"
    shared = b"\xef\xbb\xbfa: &n 1\nb: *n\n"
    assert edit("p.yaml", shared, "b", 2) == shared.replace(b"*n", b"2")


def test_keys_that_are_no_text() -> None:
    """A number as a key is found by its text, where the value is shared as well."""
    assert edit("p.yaml", b"1: a\n2: b # c\n", "2", 5) == b"1: a\n2: 5 # c\n"
    shared = edit("p.yaml", b"1: &n 1 # one\n2: *n\n", "2", 9)
    assert load_params("p.yaml", shared) == {"1": 1, "2": 9}
    assert shared.startswith(b"1: &n 1 # one\n")


def test_what_cannot_be_changed_is_told() -> None:
    """With the file and the key."""
    with pytest.raises(MalformedEvidence) as caught:
        edit("p.py", PYTHON, "T", 1)
    assert str(caught.value) == "p.py: the parameter T cannot be changed without changing others"


def test_floats_are_floats_for_pyyaml_too() -> None:
    """A small float is written so that YAML 1.1, which scripts use, reads a number as well."""
    assert yaml.safe_load(edit("p.yaml", b"a: 0.1\n", "a", 1e-07)) == {"a": 1e-07}


@pytest.mark.parametrize(
    ("data", "after"),
    [
        (b'{"a": {"b": 1}, "c": [1,2]}', b'{"a": {"b": 7}, "c": [1,2]}'),
        (b'{\r\n  "a": {"b":1}\r\n}\r\n', b'{\r\n  "a": {"b": 7}\r\n}\r\n'),
        (b'{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n', b'{\n\t"a": {\n\t\t"b": 7\n\t}\n}\n'),
    ],
)
def test_json(data: bytes, after: bytes) -> None:
    """JSON keeps its indentation, line ends and last newline."""
    assert edit("p.json", data, "a.b", 7).replace(b": ", b":") == after.replace(b": ", b":")


def test_json_delete() -> None:
    """A key of JSON can be deleted."""
    data = delete("p.json", b'{\r\n    "a": {"b": 1, "c": 2}\r\n}\r\n', "a.b")
    assert json.loads(data) == {"a": {"c": 2}}
    assert data.endswith(b"\r\n}\r\n")
    assert b'\r\n    "a"' in data


@pytest.mark.parametrize(
    ("data", "after"),
    [
        (b'{"a":1,"b":[2,3]}', b'{"b":[2,3]}'),
        (b'{"a": 1, "b": [2, 3]}\n', b'{"b": [2, 3]}\n'),
        (b'{\n\t"a":1,\n\t"b":2\n}', b'{\n\t"b":2\n}'),
        (b'{"a": 1, "b": "\xc3\xa9"}', b'{"b": "\xc3\xa9"}'),
        (b'{"a": 1, "b": "\\u00e9"}', b'{"b": "\\u00e9"}'),
    ],
)
def test_json_is_dumped_as_it_was_written(data: bytes, after: bytes) -> None:
    """What has to be dumped anew keeps its blanks, its indentation, and letters written out or as numbers."""
    assert delete("p.json", data, "a") == after


def test_large_json_is_edited_like_small() -> None:
    """A file of thousands of keys, which is written anew, differs in the one value alone."""
    data = json.dumps({f"key{number}": number for number in range(9000)}, indent=2).encode() + b"\n"
    assert edit("params.json", data, "key77", 0.5) == data.replace(b'"key77": 77,', b'"key77": 0.5,')
    assert delete("params.json", data, "key77") == data.replace(b'  "key77": 77,\n', b"")


def test_an_anchor_may_be_set_twice() -> None:
    """What YAML allows is edited without a warning, which a test session would take for an error."""
    data = b"one: &a 1\ntwo: &a 2\nthree: *a\n"
    assert edit("params.yaml", data, "one", 5) == b"one: 5\ntwo: &a 2\nthree: *a\n"


def test_what_the_library_cannot_read_is_written_from_plain_values() -> None:
    """A mapping that takes the anchor of the one that it merges breaks ruamel.yaml, and no edit."""
    data = b"a: &0\n b:\nc: &0\n <<: *0\n"
    assert load_params("params.yaml", delete("params.yaml", data, "a.b")) == {"a": {}, "c": {"b": None}}


def test_yaml_that_shares_values_keeps_its_quotes_and_long_lines() -> None:
    """Where a value behind an anchor is set, the file is dumped anew, and looks as before."""
    long = b"many words " * 20
    data = b"n: &n 1\nother: *n # n\nquoted: 'x'\nmore: \"y\"\nlong: " + long + b"end\n"
    assert edit("p.yaml", data, "other", 9).split() == data.replace(b"*n", b"9").split()
    windows = data.replace(b"\n", b"\r\n")
    found = edit("p.yaml", windows, "other", 9)
    assert found.split() == windows.replace(b"*n", b"9").split()
    assert found.count(b"\r\n") == found.count(b"\n")
    assert b"long: " + long + b"end\r\n" in found
    assert b"\r" not in edit("p.yaml", data, "other", 9)


def test_yaml_delete_of_an_item() -> None:
    """An item of a list, or a key inside braces, goes without its neighbours."""
    assert load_params("p.yaml", delete("p.yaml", YAML, "train.inner.q"))["train"] == {
        "n": 100,
        "rate": 0.5,
        "inner": {"r": "x"},
        "empty": None,
        "list": [1, 2],
    }


def test_toml() -> None:
    """TOML keeps comments, blanks and dotted keys."""
    assert edit("p.toml", TOML, "train.depth", 7) == TOML.replace(b"5 # d", b"7 # d")
    assert edit("p.toml", TOML, "train.a.b", 0.25) == TOML.replace(b"0.5", b"0.25")
    assert load_params("p.toml", delete("p.toml", TOML, "n")) == {"train": {"depth": 5, "a": {"b": 0.5}}}


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("N", b"100", b"7"),
        ("T.D", b"= 5", b"= 7"),
        ("Q.b.c", b"'c': 2", b"'c': 7"),
        ("Q.a", b"'a': 1", b"'a': 7"),
    ],
)
def test_python(key: str, before: bytes, after: bytes) -> None:
    """A Python literal is replaced where it stands."""
    assert edit("p.py", PYTHON, key, 7) == PYTHON.replace(before, after)


def test_python_of_several_lines() -> None:
    """A value that goes over lines is replaced as a whole; a class that loses all it has stays one."""
    assert edit("p.py", b"A = [\n    1,\n    2,\n]\nB = 3\n", "A", 7) == b"A = 7\nB = 3\n"
    assert delete("p.py", b"class T:\n    D = 5\n", "T.D") == b"class T:\n    pass\n"


@pytest.mark.parametrize("key", ["N", "T.D", "Q.b.c", "Q.a"])
def test_python_delete(key: str) -> None:
    """A deleted assignment leaves valid Python with the other parameters."""
    before = flatten(load_params("p.py", PYTHON))
    after = flatten(load_params("p.py", delete("p.py", PYTHON, key)))
    assert {name: value for name, value in after.items() if value != {}} == {
        name: value for name, value in before.items() if name != key
    }


@pytest.mark.parametrize(("path", "data"), [("p.yaml", YAML), ("p.py", PYTHON), ("p.toml", TOML)])
def test_unknown_key(path: str, data: bytes) -> None:
    """A key that is not there is a KeyError, for editing and for deleting."""
    with pytest.raises(KeyError):
        edit(path, data, "train.nothing", 1)
    with pytest.raises(KeyError):
        delete(path, data, "train.nothing")


def test_unreadable_file() -> None:
    """A file that cannot be read is MalformedEvidence."""
    with pytest.raises(MalformedEvidence):
        edit("p.yaml", b"a: [", "a", 1)


def test_a_whole_class_cannot_be_set() -> None:
    """What has no place of its own is refused, not guessed."""
    with pytest.raises(MalformedEvidence, match="cannot be changed"):
        edit("p.py", PYTHON, "T", 1)


KEYS = st.text("abcxyz_", min_size=1, max_size=6)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6).filter(lambda one: one == 0 or abs(one) > 1e-6)
LEAVES = NUMBERS | st.booleans() | st.text("abc '\":#-{}", max_size=6) | st.lists(NUMBERS, max_size=2)
TREES = st.dictionaries(
    KEYS, LEAVES | st.dictionaries(KEYS, LEAVES, min_size=1, max_size=3), min_size=1, max_size=4
)


def written(path: str, tree: dict[str, Value]) -> bytes:
    """A tree of parameters as some other program writes it."""
    if path.endswith(".json"):
        return json.dumps(tree, indent=2).encode()
    if path.endswith(".toml"):
        return tomlkit.dumps(tree).encode()
    if path.endswith(".py"):
        return "".join(f"{key} = {value!r}\n" for key, value in tree.items()).encode()
    return yaml.safe_dump(tree, sort_keys=False).encode()


@pytest.mark.parametrize("path", ["p.yaml", "p.json", "p.toml", "p.py"])
@given(tree=TREES, value=NUMBERS | st.booleans(), choice=st.integers(0, 20))
def test_edit_then_load(path: str, tree: dict[str, Value], value: Value, choice: int) -> None:
    """After an edit the file loads with that one change, whatever was in it and in each format."""
    data = written(path, tree)
    before = flatten(load_params(path, data))
    key = sorted(before)[choice % len(before)]
    after = load_params(path, edit(path, data, key, value))
    assert flatten(after) == before | {key: value}


@pytest.mark.parametrize("path", ["p.yaml", "p.json", "p.toml", "p.py"])
@given(tree=TREES, choice=st.integers(0, 20))
def test_delete_then_load(path: str, tree: dict[str, Value], choice: int) -> None:
    """After a deletion the file loads without that one key."""
    data = written(path, tree)
    before = flatten(load_params(path, data))
    key = sorted(before)[choice % len(before)]
    assume(before[key] != {})
    after = flatten(load_params(path, delete(path, data, key)))
    assert {name: one for name, one in after.items() if one != {}} == {
        name: one for name, one in before.items() if name != key
    }
