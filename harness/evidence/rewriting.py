"""The same table in other bytes, or with its rows' labels exchanged, for whoever knows tables too well."""

from __future__ import annotations

import re

TABLES = (".csv", ".tsv")
# The first name of a header that needs no quotes, in quotes or not; that of a frame's index is empty.
FIRST = re.compile(rb"\A((?:\xef\xbb\xbf)?[,;\t|]*)(\"?)([A-Za-z_][\w .-]*)\2(?=[,;\t|])", re.ASCII)


def in_other_bytes(path: str, data: bytes) -> bytes:
    """A CSV file with its first column's name in quotes, or without where it has them (RFC 4180, 2.5).

    One without such a name has no line end after the last row, or has it there (2.2). Every reader of CSV
    finds the same table in it. Another file stays as it is, and an empty one.
    """
    if not path.lower().endswith(TABLES) or not data:
        return data
    if found := FIRST.match(data):
        other = b"" if found[2] else b'"'
        return found[1] + other + found[3] + other + data[found.end() :]
    bare = data.rstrip(b"\r\n")
    return data + b"\n" if bare == data else bare


def with_labels_of_others(data: bytes) -> bytes:
    """A CSV table in which each row has the last field of the row that is half the table away.

    The first line and all other fields stay, and with them the number of rows of each label.
    """
    first, *rows = data.splitlines()
    pairs = [row.rpartition(b",") for row in rows]
    half = len(pairs) // 2
    labels = [label for _, _, label in (*pairs[half:], *pairs[:half])]
    told = [fields + comma + label for (fields, comma, _), label in zip(pairs, labels, strict=True)]
    return b"".join(line + b"\n" for line in (first, *told))
