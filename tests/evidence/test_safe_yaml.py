"""YAML and JSON from untrusted hands: a value, or MalformedEvidence, and nothing else."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable

import pytest
from dvc.utils.serialize import loads_yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.safe_yaml import MAX_BYTES, Json, decode, load_json, load_yaml

Loader = Callable[[bytes, str], Json]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_.", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)
SOURCE = st.text("abA1.0-: \n\t[]{}#&*!|>'\"%@`,?<=~_\r\0é")


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 0o17, 017, 1e3, .5, 1_000, yes, true, ~, 0x1f, +12, .inf, '', 1., 1e-3, 0b11, !!str 3]",
        "a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}\n",
        "a: |\n  two\n  lines\nb: >\n  folded\n  text\n",
        "base: &b {k: 1}\nother: &o {k: 2, l: 3}\nboth: {<<: [*b, *o]}\n",
        "# only a comment\n",
        "---\n- 1\n- - 2\n  - 3\n...\n",
    ],
)
def test_yaml_reads_as_dvc_reads(text: str) -> None:
    """Scalars, anchors, merges and blocks come out as DVC's own loader has them."""
    assert load_yaml(text.encode(), "f") == loads_yaml(text)


@given(VALUES)
def test_json_comes_back(value: Json) -> None:
    """What json writes is read back, and DVC's YAML loader agrees where it reads JSON."""
    assert load_json(json.dumps(value).encode(), "f") == value


@given(SOURCE | SOURCE.map(lambda text: f"a: {text}"), st.sampled_from([load_yaml, load_json]))
def test_any_text_is_a_value_or_malformed(text: str, load: Loader) -> None:
    """No text makes a loader raise anything but MalformedEvidence."""
    with contextlib.suppress(MalformedEvidence):
        load(text.encode(), "f")


@given(st.binary(max_size=200), st.sampled_from([load_yaml, load_json]))
def test_any_bytes_are_a_value_or_malformed(data: bytes, load: Loader) -> None:
    """No bytes make a loader raise anything but MalformedEvidence."""
    with contextlib.suppress(MalformedEvidence):
        load(data, "f")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a: 1\na: 2\n", "'a' comes twice"),
        (b"1: x\n'1': y\n", "'1' comes twice"),
        (b"---\na: 1\n---\nb: 2\n", "more than one YAML document"),
        (b"a: !!python/object:os.system x\n", "tag"),
        (b"a: !!binary aGk=\n", "tag"),
        (b"a: !<tag:yaml.org,2002:set> {x}\n", "tag"),
        (b"? [1, 2]\n: 3\n", "where a key belongs"),
        (b"a: &x b\n*x : 1\n", "where a key belongs"),
        (b"a: {<<: 3}\n", "merge key"),
        (b"- &a [*a]\n", "points to nothing"),
        (b"a: *nobody\n", "nobody"),
        (b"a: " + b"9" * 5000, "digits"),
        (b"a: !!int x\n", "invalid literal"),
        (b"[" * 100_000, "levels deep"),
        (b"a: [1\n", "line"),
        (b"\xff\xfea\x00", "UTF-16"),
        (b"a: \xff\n", "not UTF-8"),
        (b'"\\ud800"', "invalid Unicode"),
    ],
)
def test_yaml_refuses_with_a_reason(data: bytes, reason: str) -> None:
    """What is not plain YAML is refused in words that name the trouble."""
    with pytest.raises(MalformedEvidence, match=reason):
        load_yaml(data, "f.yaml")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1, "a": 2}', "'a' comes twice"),
        (b'{"a": 1', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON|levels deep"),
        (b"[" * 100 + b"]" * 100, "levels deep"),
        (b"9" * 5000, "digits"),
        (b'["\\ud800"]', "surrogate"),
        (b"", "not valid JSON"),
    ],
)
def test_json_refuses_with_a_reason(data: bytes, reason: str) -> None:
    """What is not plain JSON is refused in words that name the trouble."""
    with pytest.raises(MalformedEvidence, match=reason):
        load_json(data, "f.json")


def test_alias_bomb_is_refused_at_once() -> None:
    """Ten levels of ten aliases each are refused before they expand."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    started = time.perf_counter()
    with pytest.raises(MalformedEvidence, match="expand"):
        load_yaml("\n".join(lines).encode(), "bomb")
    assert time.perf_counter() - started < 2


def test_aliases_cannot_pile_up_levels() -> None:
    """A chain of aliases that nests deeper than the limit is refused."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 100)]
    with pytest.raises(MalformedEvidence, match=r"expand|levels"):
        load_yaml("\n".join(lines).encode(), "bomb")


@pytest.mark.parametrize(
    ("load", "data"), [(load_yaml, b"a: .nan"), (load_json, b"[Infinity]"), (load_json, b"1e999")]
)
def test_only_finite_numbers_on_demand(load: Callable[..., Json], data: bytes) -> None:
    """Infinities and NaN are values, unless finite numbers are asked for."""
    load(data, "f")
    with pytest.raises(MalformedEvidence, match="not finite"):
        load(data, "f", finite=True)


def test_nan_is_kept_without_the_flag() -> None:
    """JSON's NaN, as Python writes it, is read."""
    value = load_json(b"NaN", "f")
    assert isinstance(value, float)
    assert math.isnan(value)


def test_windows_files_read_the_same() -> None:
    """A byte order mark and CRLF line ends change nothing."""
    assert load_yaml(b"\xef\xbb\xbfa: 1\r\nb:\r\n- 2\r\n", "f") == {"a": 1, "b": [2]}
    assert load_json(b'\xef\xbb\xbf{"a":\r\n1}', "f") == {"a": 1}


def test_empty_yaml_is_nothing() -> None:
    """An empty document has no value, and dates stay text."""
    assert load_yaml(b"", "f") is None
    assert load_yaml(b"on: 2026-11-20\n", "f") == {"on": "2026-11-20"}


def test_decode_limits_size() -> None:
    """A file beyond the limit is not even decoded."""
    with pytest.raises(MalformedEvidence, match="larger than"):
        decode(b" " * (MAX_BYTES + 1), "f")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a: [", "not valid YAML: did not find expected node content in line 2"),
        (b"a: 1\na: 2", "not valid YAML: the key 'a' comes twice"),
        (b"\xff\xfea", "written in UTF-16 (PowerShell's `>` does that), where UTF-8 is needed"),
        (b"\xfe\xffa", "written in UTF-16 (PowerShell's `>` does that), where UTF-8 is needed"),
        (b"a\xff", "not UTF-8: invalid start byte at byte 1"),
        (b" " * (4 * 1024 * 1024 + 1), "larger than 4 MiB"),
        (b"a: !!python/x 1", "holds the tag 'tag:yaml.org,2002:python/x'; only plain values are read"),
        (b"!x [1]", "holds the tag '!x'; only plain values are read"),
        (b"*x", "the alias *x points to nothing that ends before it"),
        (b"a: &x 1\n*x : 2", "the alias *x stands where a key belongs"),
        (b"? [a]\n: 1", "a list or a mapping stands where a key belongs"),
        (b"[" * 61 + b"]" * 61, "nested more than 60 levels deep"),
        (b"<<: 1", "the merge key `<<` needs a mapping"),
        (b"a: &a {b: 1}\n<<: [" + b"*a, " * 101 + b"]", "merges more than 100 mappings into one"),
        (b"a: 1\n---\nb: 2", "holds more than one YAML document"),
        (b"1" * 400, "holds a whole number of more than 1024 bits"),
    ],
)
def test_yaml_says_the_file_and_the_trouble(data: bytes, reason: str) -> None:
    """The whole message: the file, what is wrong, and where that is known."""
    with pytest.raises(MalformedEvidence) as caught:
        load_yaml(data, "p.yaml")
    assert str(caught.value) == f"p.yaml: {reason}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1, "a": 2}', "not valid JSON: the key 'a' comes twice"),
        (
            b'{"' + b"k" * 300 + b'": 1, "' + b"k" * 300 + b'": 2}',
            f"not valid JSON: the key '{'k' * 200}' comes twice",
        ),
        (b'{"a": 1', "not valid JSON: Expecting ',' delimiter: line 1 column 8 (char 7)"),
        (b"[" * 62 + b"]" * 62, "nested more than 60 levels deep"),
        (b'["\\ud800"]', "holds half a character (a lone surrogate)"),
        (b'["\\udfff"]', "holds half a character (a lone surrogate)"),
        (b'{"\\udb00": 1}', "holds half a character (a lone surrogate)"),
        (b"[NaN]", "holds a number that is not finite (NaN or infinity)"),
        (str(2**1024).encode(), "holds a whole number of more than 1024 bits"),
        (b" " * (16 * 1024 * 1024 + 1), "larger than 16 MiB"),
        (b"[" + b"1," * 400_000 + b"1]", "more than 400000 values"),
    ],
    ids=range(11),
)
def test_json_says_the_file_and_the_trouble(data: bytes, reason: str) -> None:
    """The whole message, with names of the student's cut short."""
    with pytest.raises(MalformedEvidence) as caught:
        load_json(data, "m.json", finite=True)
    assert str(caught.value) == f"m.json: {reason}"


def test_what_is_just_within_the_limits_is_read() -> None:
    """The deepest nesting, the largest number, the most values, and letters around the surrogates."""
    assert load_json(b"[" * 61 + b"]" * 61, "f") is not None
    assert load_json(str(2**1024 - 1).encode(), "f") == 2**1024 - 1
    assert len(str(load_json(b"[" + b"1," * 399_998 + b"1]", "f"))) > 400_000
    assert load_json('["\ud7ff\ue000"]'.encode(), "f") == ["\ud7ff\ue000"]
    assert decode(b" " * MAX_BYTES, "f") == " " * MAX_BYTES


def test_who_changes_a_value_changes_only_their_own() -> None:
    """The same file is parsed once; what one caller makes of it, the next does not see."""
    data, path = b"a: {b: [1, 2]}\n", "params.yaml"
    first = load_yaml(data, path)
    assert isinstance(first, dict)
    first.clear()
    second = load_yaml(data, path)
    assert second == {"a": {"b": [1, 2]}}
    assert load_yaml(b"a: {b: [1]}\n", path) != second


def test_trouble_names_the_file_that_has_it() -> None:
    """Also where another file has the very same."""
    for path in ("one.yaml", "two.yaml", "one.yaml"):
        with pytest.raises(MalformedEvidence) as caught:
            load_yaml(b"a: [", path)
        assert caught.value.path == path


def test_merged_mappings_keep_the_first() -> None:
    """A key of the mapping itself wins over merged ones, and of these the first one named."""
    data = b"a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n"
    assert load_yaml(data, "f") == {
        "a": {"x": 1, "y": 1},
        "b": {"y": 2, "z": 2},
        "c": {"x": 3, "y": 1, "z": 2},
    }
