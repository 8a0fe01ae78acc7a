"""Change one parameter of a file and leave every other byte as the student wrote it, where that is possible.

A value is replaced at its own place in the text. Where the place is not the value's alone (an anchor that
others refer to), the file is written anew from its round-trip form, with its comments; where that changes
others too (a merge key), from its plain values. JSON too large to be looked through token by token is written
anew as well. Each way the result is read back: an edit gives exactly the asked change, or raises.
"""

from __future__ import annotations

import ast
import copy
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import tomlkit
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import SequenceNode
from tomlkit.exceptions import TOMLKitError

from harness.errors import MalformedEvidence
from harness.evidence.params import Value, load_params, lookup, suffix
from harness.evidence.params_python import Assignments, Literal, assignments

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

Container: TypeAlias = "dict[Any, Any] | list[Any]"
# Takes a text and gives the edited text, or raises one of _REFUSALS where this way cannot do it.
Way: TypeAlias = Callable[[str], str]
_REFUSALS = (
    YAMLError,
    TOMLKitError,
    MalformedEvidence,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,  # ruamel.yaml, of a mapping that takes the anchor of the one that it merges
    StopIteration,
    RecursionError,
)
_BOM = "\ufeff"
_LARGE = 1 << 16  # characters; looking for a place takes ten seconds for each million


@dataclass(frozen=True)
class _Change:
    """What to do at a dotted key: set it to a value, or remove it."""

    key: str
    value: Value = None
    remove: bool = False

    @property
    def parts(self) -> list[str]:
        return self.key.split(".")

    def apply(self, container: Container) -> None:
        """Do it to nested containers of any kind, in place."""
        *sections, last = self.parts
        for part in sections:
            container = container[_index(container, part)]
        index = _index(container, last)
        if self.remove:
            del container[index]
        else:
            container[index] = self.value


def edit(path: str, data: bytes, key: str, value: Value) -> bytes:
    """The file with the value at a dotted key replaced, comments and line ends kept.

    Raises KeyError where the file has no such key, MalformedEvidence where it cannot be read or changed.
    """
    return _changed(path, data, _Change(key, value))


def delete(path: str, data: bytes, key: str) -> bytes:
    """The file without the dotted key; an emptied section stays as an empty one. Raises as `edit` does."""
    return _changed(path, data, _Change(key, remove=True))


def _changed(path: str, data: bytes, change: _Change) -> bytes:
    wanted = copy.deepcopy(load_params(path, data))
    lookup(wanted, change.key)
    change.apply(wanted)
    text = data.decode("utf-8")
    mark, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    for way in _ways(path, change, large=len(text) > _LARGE):
        try:
            result = (mark + way(text)).encode()
            if _same(load_params(path, result), wanted):
                return result
        except _REFUSALS:
            continue
    raise MalformedEvidence(path, f"the parameter {change.key} cannot be changed without changing others")


def _ways(path: str, change: _Change, *, large: bool) -> tuple[Way, ...]:
    if suffix(path) == ".json":
        ways: tuple[Way, ...] = (lambda text: _yaml_in_place(text, change), lambda text: _json(text, change))
        return ways[large:]
    if suffix(path) == ".toml":
        return (lambda text: _toml(text, change),)
    if suffix(path) == ".py":
        return (lambda text: _python(text, change, path),)
    return (
        lambda text: _yaml_in_place(text, change),
        lambda text: _yaml_anew(_round_trip().load(text.replace("\r\n", "\n")), text, change),
        lambda text: _yaml_anew(load_params(path, text.encode()), text, change),
    )


def _same(one: object, other: object) -> bool:
    return json.dumps(one) == json.dumps(other)


def _index(container: Container, part: str) -> Any:  # noqa: ANN401 - an int for a list, whatever serves as a key for a mapping
    """The key under which nested containers hold a part; keys that are no text are found by their text."""
    if isinstance(container, list):
        return int(part)
    if part not in container:
        return next(key for key in container if str(key) == part)
    return part


def _yaml_in_place(text: str, change: _Change) -> str:
    node = _composed(text)
    holder, key = node, None
    for part in change.parts:
        holder = node
        key, node = _child(node, part)
    start, end = _span(text, key, node)
    if change.remove:
        return _without_key(text, holder, key, end)
    gap = " " if text[start - 1 : start] == ":" else ""
    return text[:start] + gap + _yaml_value(change.value) + text[end:]


def _child(node: Node, part: str) -> tuple[Node | None, Node]:
    if isinstance(node, SequenceNode):
        return None, node.value[int(part)]
    return next((key, value) for key, value in node.value if key.value == part)


def _span(text: str, key: Node | None, value: Node) -> tuple[int, int]:
    """Where a value stands, without blanks after it; an absent value stands right after its colon."""
    start, end = value.start_mark.index, value.end_mark.index
    if start == end and key is not None:
        start = end = text.index(":", key.end_mark.index) + 1
    return start, start + len(text[start:end].rstrip())


def _without_key(text: str, holder: Node, key: Node | None, end: int) -> str:
    """The text without the one line of a key and its value; where it is the only key, `{}` stays."""
    if key is None or "\n" in text[key.start_mark.index : end]:
        raise ValueError("not a key and a value on one line")
    if len(holder.value) == 1:
        return text[: key.start_mark.index] + "{}" + text[end:]
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    if text[start : key.start_mark.index].strip():
        raise ValueError("not on a line of its own")
    return text[:start] + text[(text.find("\n", end) + 1) or len(text) :]


def _yaml_value(value: Value) -> str:
    """A value as YAML 1.1 and 1.2 both read it: scripts use PyYAML, DVC uses ruamel.yaml."""
    if isinstance(value, float):
        return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))
    return json.dumps(value)


def _composed(text: str) -> Node:
    """The nodes of a document: by libyaml, which is ten times as fast, where it can read it.

    It gives up where an anchor is set twice, which YAML allows.
    """
    node: Node
    try:
        node = YAML(typ="safe").compose(text)
    except YAMLError:
        node = _yaml().compose(text)
    return node


def _yaml() -> YAML:
    """Reads a document; an anchor that is set twice is no reason to print a warning."""
    yaml = YAML()
    yaml.composer.warn_double_anchors = False
    return yaml


def _round_trip() -> YAML:
    """Loads a document with its comments and quotes, and dumps it with them, long lines whole."""
    yaml = _yaml()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    return yaml


def _yaml_anew(document: Container, text: str, change: _Change) -> str:
    """The document dumped with the change; only its round-trip form has the comments."""
    change.apply(document)
    stream = io.StringIO()
    _round_trip().dump(document, stream)
    return _line_ends(stream.getvalue(), text)


def _json(text: str, change: _Change) -> str:
    document = json.loads(text)
    change.apply(document)
    first = re.search(r"[{\[]\r?\n([ \t]+)\S", text)
    compact = None if first or re.search(r":[ \t]", text) else (",", ":")
    indent = first.group(1) if first else None
    dumped = json.dumps(document, indent=indent, separators=compact, ensure_ascii=text.isascii())
    return _line_ends(dumped, text) + text[len(text.rstrip()) :]


def _toml(text: str, change: _Change) -> str:
    document = tomlkit.parse(text)
    change.apply(document)
    return tomlkit.dumps(document)


def _python(text: str, change: _Change, path: str) -> str:
    found: Literal | Assignments = assignments(text, path)
    for part in change.parts:
        if isinstance(found, Literal):
            raise KeyError(part)
        found = found[part]
    if not isinstance(found, Literal):
        raise TypeError("a class or a dictionary as a whole")
    if not change.remove:
        return _splice(text, found.node, repr(change.value))
    if isinstance(found.holder, ast.stmt):
        return _splice(text, found.holder, "pass")
    return _splice(text, found.holder, _dict_without(text, found.holder, found.node))


def _dict_without(text: str, holder: ast.Dict, node: ast.expr) -> str:
    items = [
        f"{ast.get_source_segment(text, key)}: {ast.get_source_segment(text, value)}"
        for key, value in zip(holder.keys, holder.values, strict=True)
        if key is not None and value is not node
    ]
    return "{" + ", ".join(items) + "}"


def _splice(text: str, node: ast.expr | ast.stmt, new: str) -> str:
    """The text with a node's source replaced; Python counts columns in bytes of UTF-8."""
    lines = text.encode().splitlines(keepends=True)
    last = node.end_lineno or node.lineno
    before = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    after = lines[last - 1][node.end_col_offset :] + b"".join(lines[last:])
    return (before + new.encode() + after).decode()


def _line_ends(text: str, like: str) -> str:
    return text.replace("\n", "\r\n") if "\r\n" in like else text
