"""Hostile files by construction: each tries to make its reader slow, large, wrong or dead."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MANY = 1_000_000

# Makes the bomb for a reader that takes so many bytes at most.
Bomb = Callable[[int], bytes]


def _laughs(levels: int, width: int) -> bytes:
    """Aliases of aliases: width ** levels values from a few lines."""
    rows = ["a0: &a0 [lol]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(rows).encode()


def _merges(keys: int, times: int) -> bytes:
    """One large mapping, merged with very many small ones."""
    base = ", ".join(f"k{n}: {n}" for n in range(keys))
    return f"base: &b {{{base}}}\ns: &s {{x: 1}}\nall:\n  <<: [*b, {', '.join(['*s'] * times)}]\n".encode()


def _rows(row: Callable[[int], str], count: int = MANY) -> Bomb:
    return lambda size: "\n".join(row(number) for number in range(count)).encode()[:size]


def _fill(unit: bytes, before: bytes = b"", after: bytes = b"") -> Bomb:
    """As much of `unit` as fits."""
    return lambda size: before + unit * ((size - len(before) - len(after)) // len(unit)) + after


def _dotted(depth: int) -> bytes:
    return (".".join(["a"] * depth) + " = 1").encode()


YAML: Mapping[str, Bomb] = {
    "laughs": lambda _: _laughs(9, 9),
    "laughs in pairs": lambda _: _laughs(60, 2),
    "anchor in itself": lambda _: b"a: &a [*a, *a]",
    "merges": lambda _: _merges(2000, 100_000),
    "merge chain": lambda _: (
        b"m0: &m0 {a: 1}\n"
        + b"\n".join(b"m%d: &m%d {<<: *m%d, k%d: 1}" % (n, n, n - 1, n) for n in range(1, 3000))
    ),
    "a million keys": _rows(lambda number: f"k{number}: {number}"),
    "one key, twice at the end": _rows(lambda number: f"k{min(number, 89_998)}: 1", 90_000),
    "a million keys without values": _rows(lambda number: f"? k{number}"),
    "a million items": _fill(b"- 1\n"),
    "flow of items": _fill(b"1,", b"[", b"]"),
    "documents": _fill(b"---\n"),
    "deep flow": _fill(b"["),
    "deep flow, closed": lambda _: b"[" * 100_000 + b"]" * 100_000,
    "deep mappings": _fill(b"{a: "),
    "deep blocks": lambda _: b"\n".join(b" " * n + b"a:" for n in range(3000)),
    "deep dashes": _fill(b"- "),
    "one long line": _fill(b"a", b"a: "),
    "one long quoted text": _fill(b"\\u0041", b'a: "', b'"'),
    "one long folded text": _fill(b" a\n\n", b"a: >\n"),
    "comments": _fill(b"# x\n"),
    "tags": _fill(b"!a ", b"a: "),
    "anchors": lambda _: b"\n".join(b"a%d: &a%d 1" % (n, n) for n in range(300_000)),
    "tag directives": _fill(b"%TAG ! tag:x:\n"),
    "huge number": _fill(b"9", b"a: "),
    "huge hexadecimal": _fill(b"f", b"a: 0x"),
    "huge octal": _fill(b"7", b"a: 0o"),
    "huge exponent": lambda _: b"a: 1e" + b"9" * 100_000,
    "not a number": lambda _: b"accuracy: .nan\nf1: .inf\n",
    "python object": lambda _: b"a: !!python/object/apply:os.system ['touch /tmp/pwned']",
    "half a character": lambda _: b'a: "\\ud800"\n',
    "NUL": lambda _: b"a: \0\n",
    "not UTF-8": lambda _: b"a: \xff\xfe\xfd\n",
    "UTF-16": lambda _: "accuracy: 1\n".encode("utf-16"),
    "UTF-32": lambda _: "accuracy: 1\n".encode("utf-32"),
}
JSON: Mapping[str, Bomb] = {
    "deep lists": _fill(b"["),
    "deep lists, closed": lambda _: b"[" * 90_000 + b"]" * 90_000,
    "deep mappings": _fill(b'{"a":'),
    "deep mappings, closed": lambda _: b'{"a":' * 500 + b"1" + b"}" * 500,
    "many keys": lambda size: json.dumps({f"k{number}": number for number in range(size // 22)}).encode(),
    "twice at the end": lambda _: b"{" + b",".join(b'"k%d":1' % min(n, 89_998) for n in range(90_000)) + b"}",
    "empty mappings": _fill(b"{},", b"[", b"{}]"),
    "numbers": _fill(b"1,", b"[", b"1]"),
    "fractions": _fill(b"1.5,", b"[", b"1]"),
    "huge number": _fill(b"9", b'{"accuracy": ', b"}"),
    "huge exponent": lambda _: b'{"accuracy": 1e' + b"9" * 100_000 + b"}",
    "as large as is written": lambda _: b'{"accuracy": ' + b"9" * 4299 + b"}",
    "not a number": lambda _: b'{"accuracy": NaN, "f1": Infinity, "recall": -Infinity}',
    "truth values": lambda _: b'{"accuracy": true, "f1": false}',
    "half a character": lambda _: b'{"accuracy": "\\ud800"}',
    "NUL": lambda _: b'{"accuracy": "\\u0000"}',
    "scores in sections": lambda _: json.dumps({f"s{n}": {"accuracy": 0.5} for n in range(25_000)}).encode(),
    "one long text": _fill(b"a", b'{"accuracy": "', b'"}'),
    "key of many dots": _fill(b".", b'{"', b'accuracy": 1}'),
}
TOML: Mapping[str, Bomb] = {
    "dotted key": lambda _: _dotted(5000),
    "longer dotted key": lambda _: _dotted(200_000),
    "a million keys": _rows(lambda number: f"k{number} = {number}"),
    "tables": _rows(lambda number: f"[t{number}]"),
    "dotted tables": _rows(lambda number: f"[a.b.c.d.e.f.g.h.t{number}]"),
    "array of tables": _fill(b"[[a]]\n"),
    "deep arrays": lambda _: b"a = " + b"[" * 100_000 + b"]" * 100_000,
    "deep inline tables": lambda _: b"a = " + b"{a=" * 20_000 + b"1" + b"}" * 20_000,
    "comments": _fill(b"# x\n"),
    "huge number": _fill(b"9", b"a = "),
    "huge hexadecimal": _fill(b"f", b"a = 0x"),
    "infinite": lambda _: b"accuracy = inf\nf1 = nan\n",
    "one long text": _fill(b"a", b'accuracy = "', b'"'),
    "one long key": _fill(b"a", b"", b" = 1"),
    "escapes": _fill(b"\\u0041", b'accuracy = "', b'"'),
}
PYTHON: Mapping[str, Bomb] = {
    "a million assignments": _rows(lambda number: f"k{number} = {number}"),
    "minus": lambda _: b"a = " + b"-" * 200_000 + b"1",
    "not": _fill(b"not ", b"a = ", b"1"),
    "brackets": lambda _: b"a = " + b"(" * 150 + b"1" + b")" * 150,
    "deep brackets": _fill(b"(", b"a = "),
    "plus": _fill(b"1+", b"a = ", b"1"),
    "attributes": _fill(b".a", b"a = a"),
    "calls": _fill(b"()", b"a = a"),
    "power": lambda _: b"a = 9**9**9**9\n",
    "list of a million": _fill(b"1,", b"a = [", b"]"),
    "dictionary": lambda _: b"a = " + b"{1:" * 90 + b"1" + b"}" * 90,
    "classes": lambda _: (
        b"\n".join(b" " * n + b"class A%d:" % n for n in range(99)) + b"\n" + b" " * 99 + b"x = 1"
    ),
    "huge number": _fill(b"9", b"a = "),
    "huge hexadecimal": _fill(b"f", b"a = 0x"),
    "strings": _fill(b"'a'\n", b"a = (", b")"),
    "formatted": _fill(b"{1}", b"a = f'", b"'"),
    "backslashes": _fill(b"\\\n", b"a = "),
    "NUL": lambda _: b"a = 1\0\n",
    "another encoding": lambda _: b"# coding: utf-7\na = 1\n",
}
CONFIG: Mapping[str, Bomb] = {
    "password never ends": lambda _: b"[core]\nurl = ://" + b":" * 250_000,
    "passwords never end": lambda _: b"[core]\nurl = " + b"://a:" * 50_000,
    "sections": lambda _: b"\n".join(b"['remote \"r%d\"']\nurl = x" % n for n in range(9000)),
    "deep sections": lambda _: b"\n".join(b"[" * n + b"a" + b"]" * n for n in range(1, 700)),
    "quotes": lambda _: b"[core]\nremote = " + b"'" * 250_000,
    "lists": lambda _: b"[core]\nremote = " + b"a," * 120_000,
    "quoted lists": lambda _: b"[core]\nremote = " + b'"a",' * 60_000 + b"'",
    "never closed": lambda _: b"[core]\nremote = '''\n" + b"a\n" * 120_000,
    "names": lambda _: b"['remote \"" + b'"' * 200_000 + b"\"']\nurl = x",
    "interpolation": lambda _: b"[core]\na = %(a)s$a${a}\nremote = %(a)s\n",
    "equals": lambda _: b"[core]\n" + b"=" * 250_000,
    "keywords twice": lambda _: b"[core]\nremote = a\nremote = b\n",
    "spaces": lambda _: b"[core]\n" + b" " * 250_000 + b"x",
}
TEXT: Mapping[str, Bomb] = {
    "bars": _fill(b"|"),
    "table of bars": lambda _: b"| n_estimators | accuracy |\n|---|---|\n" + b"| 1 | 2 |\n" * 90_000,
    "wide table": lambda _: b"\n".join([b"|n_estimators" * 300, b"|---" * 300, *[b"|1" * 300] * 900]),
    "pairs": lambda _: (b"n_estimators=1 " * 260 + b"\n" + b"depth: 1, accuracy: 0.5 " * 120 + b"\n") * 99,
    "commands": lambda _: b"dvc exp run -S n_estimators=1 -S max_depth=2\n" * 20_000,
    "loops": lambda _: b"for a in " + b"1 " * 1500 + b"; do dvc exp run -S depth=$a; done\n",
    "loops in loops": lambda _: b"".join(b"for v%d in %s; do\n" % (n, b"1 " * 900) for n in range(9))
    + b"dvc exp run -S n_estimators=" + b"$v0$v1$v2$v3$v4$v5$v6$v7$v8 \n",
    "ranges": lambda _: b"dvc exp run -S 'train.n_estimators=range(1,999999999)'\n",
    "choices": lambda _: b"dvc exp run -S n_estimators=%s -S max_depth=%s\n"
    % ((b",".join(b"%d" % n for n in range(700)),) * 2),
    "continued": lambda _: b"dvc exp run \\\n" * 60_000,
    "quotes": lambda _: b"dvc exp run -S '" + b"'\"" * 1900 + b"\n",
    "stars": lambda _: (b"n_estimators" + b"*" * 3900 + b"\n") * 200,
    "digits": lambda _: (b"n_estimators = " + b"9" * 3900 + b"\n") * 200,
    "blanks": lambda _: (b"n_estimators" + b" " * 3900 + b"=\n") * 200,
    "one line": lambda _: b"n_estimators = 1 " * 60_000,
    "lines": lambda _: b"\n" * 1_000_000,
    "control characters": lambda _: bytes(range(256)) * 3000,
}  # fmt: skip
CSV: Mapping[str, Bomb] = {
    "columns": _fill(b"a,", b"", b"\n1\n"),
    "columns by another separator": _fill(b"a;", b"", b"\n1\n"),
    "more values than columns": lambda _: b"a,b\n1,2\n" + b"1," * 2_000_000 + b"\n",
    "a name twice": lambda _: b"a, a,a ,target\n1,2,3,0\n4,5,6,1\n",
    "names of nothing": lambda _: b" ,\t,  \n1,2,3\n",
    "one quote": _fill(b"a\n", b'a,b\n1,"'),
    "quotes": _fill(b'"', b"a,b\n1,"),
    "huge numbers": lambda _: b"a,target\n" + b"9" * 100_000 + b",0\n1e999,1\n-1e999,0\n",
    "not finite": lambda _: b"a,target\nnan,nan\ninf,inf\n-inf,-inf\n",
    "whole and huge": lambda _: b"target\n" + b"".join(b"%d\n" % (1 << n) for n in range(1, 2000, 60)),
    "header alone": lambda _: b"a,b,target\n",
    "NUL": lambda _: b"a,target\n1\0,0\n\0\0,1\n",
    "not UTF-8": lambda _: b"a,target\n\xff\xfe,0\n\xc3,1\n",
    "half a character": lambda _: b"a,target\n\xed\xa0\x80,0\n",
    "returns": lambda _: b"a,target\r1,0\r2,1\r",
    "wide cells": _fill(b"x", b"a,target\n", b",0\n"),
    "dates": lambda _: b"a,target\n2026-01-01,0\n0000-99-99,1\n",
    "complex": lambda _: b"a,target\n1j,0\n(1+2j),1\n",
}


def _npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def _npz(arrays: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in arrays.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _saved(array: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


NPY: Mapping[str, Bomb] = {
    "promises much": lambda _: _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999,), }"),
    "columns of nothing": lambda _: _npy(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 999999999), }"
    ),
    "rows of nothing": lambda _: _npy(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999, 0), }"
    ),
    "negative": lambda _: _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -8), }", b"x" * 64),
    "objects": lambda _: _npy(
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"cos\nsystem\n(S'id'\ntR."
    ),
    "fields": lambda _: _saved(np.zeros(3, dtype=[("a", "<f8"), ("target", "<i4")])),
    "fields in a table": lambda _: _saved(np.zeros((3, 2), dtype=[("a", "<f8"), ("b", "<i4")])),
    "complex": lambda _: _saved(np.ones((3, 2), dtype=complex)),
    "dates": lambda _: _saved(np.array(["2026-01-01", "NaT"], dtype="M8[D]")),
    "void": lambda _: _npy("{'descr': '|V0', 'fortran_order': False, 'shape': (9,), }"),
    "bytes": lambda _: _saved(np.array([[b"a", b"b"], [b"c", b"d"]])),
    "long texts": lambda _: _saved(np.array(["a", "b" * 100_000])),
    "halves": lambda _: _saved(np.array([[1.0, 0], [65504, 1]], dtype="<f2")),
    "long doubles": lambda _: _saved(np.ones((2, 2), dtype=np.longdouble)),
    "no dimension": lambda _: _saved(np.array(3)),
    "32 dimensions": lambda _: _saved(np.zeros((1,) * 32)),
    "header of code": lambda _: _npy("__import__('os').system('touch /tmp/pwned')"),
    "deep header": lambda _: _npy("(" * 100),
    "fortran": lambda _: _saved(np.asfortranarray(np.eye(4))),
    "big endian": lambda _: _saved(np.eye(4, dtype=">f4")),
    "cut": lambda _: _saved(np.eye(4))[:-9],
}
NPZ: Mapping[str, Bomb] = {
    "zeros": lambda _: _npz({"x.npy": _saved(np.zeros(30_000_000))}),
    "many": lambda _: _npz({f"x{number}.npy": _saved(np.zeros(2)) for number in range(30_000)}),
    "other lengths": lambda _: _npz({"x.npy": _saved(np.zeros(2)), "y.npy": _saved(np.zeros(3))}),
    "one name": lambda _: _npz({"a/x.npy": _saved(np.zeros(2)), "b/x.npy": _saved(np.zeros(2))}),
    "no array": lambda _: _npz({"x.txt": b"a"}),
    "empty": lambda _: _npz({}),
    "huge text": lambda _: _npz({"x.npy": b"\0" * 500_000_000}),
}
