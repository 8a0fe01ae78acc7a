"""YAML and JSON as DVC reads them, from hands that cannot be trusted.

DVC reads its files with ruamel.yaml's safe loader (YAML 1.2: ``yes`` is text). The same parser and the same
rules for scalars serve here, but the values are built from its events one by one, so that size, depth and
the expansion of aliases have limits, and keys that come twice are refused instead of one of them winning.
"""

from __future__ import annotations

import json
import math
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import ScalarNode

from harness.errors import MalformedEvidence

if TYPE_CHECKING:
    from collections.abc import Iterator

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_BYTES = 16 * 1024 * 1024
MAX_YAML_BYTES = 4 * 1024 * 1024
MAX_NODES = 400_000
MAX_MERGED = 100
MAX_DEPTH = 60
MAX_BITS = 1024  # a whole number beyond it is beyond every float too
SHOWN = 200
REMEMBERED = 32 * 1024
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = {f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float", "str")}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def load_yaml(data: bytes, path: str, *, finite: bool = False) -> Json:
    """Return the one document in `data`, None where it is empty; dates stay text, keys become text.

    With `finite`, infinities and NaN are refused. Raises MalformedEvidence, naming `path`, for anything that
    is not plain YAML within the limits: other tags, two documents, a repeated key, an alias bomb.
    """
    if len(data) > MAX_YAML_BYTES:
        raise MalformedEvidence(path, f"larger than {MAX_YAML_BYTES // 1024 // 1024} MiB")
    text = decode(data, path)
    plain = len(text) <= REMEMBERED and "&" not in text  # few nodes: without anchors there are no aliases
    value = deepcopy(_built_before(text, path)) if plain else _built(text, path)
    return checked(value, path, finite=finite)


def _built(text: str, path: str) -> Json:
    try:
        return _Builder(path).build(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise MalformedEvidence(path, f"not valid YAML: {_first_line(error)}") from error


@lru_cache(maxsize=64)
def _built_before(text: str, path: str) -> Json:
    """The same, for short files: the lock and the parameters of a commit are asked for again and again.

    It is within the limits, so that it can be copied.
    """
    return checked(_built(text, path), path)


def load_json(data: bytes, path: str, *, finite: bool = False) -> Json:
    """Return the value in `data`; with `finite`, infinities and NaN are refused.

    Raises MalformedEvidence, naming `path`, for anything but JSON within the limits, a repeated key included.
    """
    text = decode(data, path)
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise MalformedEvidence(path, f"not valid JSON: {_first_line(error)}") from error
    return checked(value, path, finite=finite)


def decode(data: bytes, path: str) -> str:
    """Return UTF-8 `data` as text without its byte order mark and with LF line ends.

    Raises MalformedEvidence for other encodings; Windows PowerShell's ``>`` writes UTF-16.
    """
    if len(data) > MAX_BYTES:
        raise MalformedEvidence(path, f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    if data.startswith(_UTF16_MARKS):
        raise MalformedEvidence(path, "written in UTF-16 (PowerShell's `>` does that), where UTF-8 is needed")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedEvidence(path, f"not UTF-8: {error.reason} at byte {error.start}") from error
    return text.replace("\r\n", "\n")


def _first_line(error: BaseException) -> str:
    """The parser's reason and place, without the excerpt of the file that some parsers add."""
    problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0] or type(error).__name__
    mark = getattr(error, "problem_mark", None)
    return f"{problem} in line {mark.line + 1}" if mark is not None else str(problem)


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError(f"the key {key[:SHOWN]!r} comes twice")
        made[key] = value
    return made


def checked(value: Json, path: str, *, finite: bool = False) -> Json:
    """Return a value that holds to the limits on nodes, depth, numbers and text that all formats share.

    Raises MalformedEvidence, naming `path`, for any other.
    """
    waiting: list[tuple[Json, int]] = [(value, 0)]
    for nodes in range(MAX_NODES + 1):
        if not waiting:
            return value
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise MalformedEvidence(path, f"nested more than {MAX_DEPTH} levels deep")
        _check_scalar(node, path, finite=finite)
        waiting.extend((child, depth + 1) for child in _children(node))
        if nodes + len(waiting) > MAX_NODES:
            break
    raise MalformedEvidence(path, f"more than {MAX_NODES} values")


def _children(node: Json) -> Iterator[Json]:
    if isinstance(node, dict):
        yield from node
        yield from node.values()
    elif isinstance(node, list):
        yield from node


def _check_scalar(node: Json, path: str, *, finite: bool) -> None:
    if finite and isinstance(node, float) and not math.isfinite(node):
        raise MalformedEvidence(path, "holds a number that is not finite (NaN or infinity)")
    if isinstance(node, int) and node.bit_length() > MAX_BITS:
        raise MalformedEvidence(path, f"holds a whole number of more than {MAX_BITS} bits")
    if isinstance(node, str) and any("\ud800" <= character <= "\udfff" for character in node):
        raise MalformedEvidence(path, "holds half a character (a lone surrogate)")


@dataclass
class _Frame:
    """A sequence or mapping whose end has not been read yet."""

    is_mapping: bool
    anchor: str | None
    items: list[Json] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    merges: list[Json] = field(default_factory=list)
    key: str | None = None
    merging: bool = False
    weight: int = 1
    height: int = 1


@dataclass(frozen=True)
class _Built:
    """A finished value, with the nodes it expands to and the levels below it."""

    value: Json
    weight: int = 1
    height: int = 0


class _Builder:
    """Builds one document from the events of ruamel's parser."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.yaml = YAML(typ="safe")
        self.anchors: dict[str, _Built] = {}
        self.frames: list[_Frame] = []
        self.documents: list[Json] = []

    def build(self, text: str) -> Json:
        for event in self.yaml.parse(text):
            self.take(event)
        return self.documents[0] if self.documents else None

    def refuse(self, reason: str) -> NoReturn:
        raise MalformedEvidence(self.path, reason)

    def take(self, event: Event) -> None:
        match event:
            case ScalarEvent():
                self.scalar(event)
            case AliasEvent():
                self.alias(str(event.anchor))
            case CollectionStartEvent():
                self.open(event)
            case CollectionEndEvent():
                self.close()

    def scalar(self, event: ScalarEvent) -> None:
        tag = self.tag_of(event)
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.is_mapping and frame.key is None and not frame.merging:
            frame.merging = event.value == "<<" and event.implicit[0]
            frame.key = None if frame.merging else event.value
            return
        self.put(event.anchor, _Built(self.construct(tag, event.value)))

    def tag_of(self, event: ScalarEvent) -> str:
        """The tag of a scalar: the one that it names, or the one that YAML 1.2 gives to its text."""
        named = str(event.tag) if event.tag else None
        if named is not None and named != "!" and named not in _SCALAR_TAGS:
            self.refuse(f"holds the tag {named!r}; only plain values are read")
        if named in _SCALAR_TAGS:
            return str(named)
        return str(self.yaml.resolver.resolve(ScalarNode, event.value, event.implicit))

    def construct(self, tag: str, text: str) -> Json:
        if tag not in _SCALAR_TAGS:
            return text
        make = SafeConstructor.yaml_constructors[tag]
        value: Json = make(self.yaml.constructor, ScalarNode(tag, text))
        return value

    def alias(self, anchor: str) -> None:
        built = self.anchors.get(anchor)
        if built is None:
            self.refuse(f"the alias *{anchor} points to nothing that ends before it")
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.is_mapping and frame.key is None and not frame.merging:
            self.refuse(f"the alias *{anchor} stands where a key belongs")
        self.put(None, built)

    def open(self, event: CollectionStartEvent) -> None:
        if event.tag and str(event.tag) not in {f"{_TAG}map", f"{_TAG}seq", "!"}:
            self.refuse(f"holds the tag {str(event.tag)!r}; only plain values are read")
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.is_mapping and frame.key is None and not frame.merging:
            self.refuse("a list or a mapping stands where a key belongs")
        if len(self.frames) >= MAX_DEPTH:
            self.refuse(f"nested more than {MAX_DEPTH} levels deep")
        self.frames.append(_Frame(isinstance(event, MappingStartEvent), event.anchor))

    def close(self) -> None:
        frame = self.frames.pop()
        value: Json = self.mapping(frame) if frame.is_mapping else frame.items
        self.put(frame.anchor, _Built(value, frame.weight, frame.height))

    def mapping(self, frame: _Frame) -> dict[str, Json]:
        """The mapping of a frame; its own keys win over merged ones, earlier merges over later ones."""
        own = _unique(list(zip(frame.keys, frame.items, strict=True)))
        made: dict[str, Json] = {}
        sources = [
            one for merged in frame.merges for one in (merged if isinstance(merged, list) else [merged])
        ]
        if len(sources) > MAX_MERGED:
            self.refuse(f"merges more than {MAX_MERGED} mappings into one")
        for source in sources:
            if not isinstance(source, dict):
                self.refuse("the merge key `<<` needs a mapping")
            else:
                for key, value in source.items():
                    made.setdefault(key, value)
        return {**made, **own}

    def put(self, anchor: str | None, built: _Built) -> None:
        if anchor is not None:
            self.anchors[anchor] = built
        if not self.frames:
            if self.documents:
                self.refuse("holds more than one YAML document")
            self.documents.append(built.value)
            return
        frame = self.frames[-1]
        frame.weight += built.weight
        frame.height = max(frame.height, built.height + 1)
        if frame.weight > MAX_NODES or frame.height + len(self.frames) > MAX_DEPTH + 1:
            self.refuse("its aliases expand beyond what a file of this kind holds")
        if frame.merging:
            frame.merges.append(built.value)
        else:
            frame.items.append(built.value)
            if frame.key is not None:
                frame.keys.append(frame.key)
        frame.key, frame.merging = None, False
