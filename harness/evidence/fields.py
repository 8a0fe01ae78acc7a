"""The values that DVC's files hold, checked for exact types as they are read."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from harness.errors import MalformedEvidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.safe_yaml import Json

_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
_SHOWN = 40
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|/|[A-Za-z]:/")


@dataclass(frozen=True)
class Fields:
    """A mapping out of the file `file`; what does not have its type raises MalformedEvidence."""

    file: str
    values: Mapping[str, Json]

    @classmethod
    def of(cls, file: str, value: Json, what: str) -> Fields:
        """Return the fields of `value`, which must be a mapping, or nothing at all."""
        if value is None:
            return cls(file, {})
        if not isinstance(value, dict):
            raise MalformedEvidence(file, f"{what} must be a mapping, not {_kind(value)}")
        return cls(file, value)

    def refuse(self, reason: str) -> NoReturn:
        """Raise MalformedEvidence for the file."""
        raise MalformedEvidence(self.file, reason)

    def text(self, key: str) -> str | None:
        """Return the text at `key`, None where there is none."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            self.refuse(f"`{key}` must be text, not {_kind(value)}")
        return value

    def count(self, key: str) -> int | None:
        """Return the number at `key`, which must be whole and not negative; None where there is none."""
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            self.refuse(f"`{key}` must be a whole number of 0 or more, not {_kind(value)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return the truth value at `key`."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.refuse(f"`{key}` must be true or false, not {_kind(value)}")
        return value

    def md5(self) -> str | None:
        """Return the MD5 in the field ``md5`` (DVC's cache key: ``….dir`` for a folder), None without one.

        YAML reads an MD5 of digits alone as a number; DVC quotes it when it writes one.
        """
        value = self.values.get("md5")
        if value is None:
            return None
        if not isinstance(value, str) or not _MD5.fullmatch(value):
            self.refuse(f"`md5` must be 32 hexadecimal digits (and `.dir`), not {_kind(value)}")
        return value

    def each(self, key: str) -> tuple[Fields, ...]:
        """Return the mappings in the list at `key`."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.refuse(f"`{key}` must be a list, not {_kind(value)}")
        return tuple(Fields.of(self.file, item, f"each of `{key}`") for item in value)

    def section(self, key: str) -> Fields:
        """Return the mapping at `key`, an empty one where there is none."""
        return Fields.of(self.file, self.values.get(key), f"`{key}`")


def resolve(base: str, path: str) -> str:
    """Return `path`, written relative to the folder `base`, as a POSIX path from the repository's root.

    What leaves the repository keeps its leading ``../``, and an absolute path or a URL stays as it is.
    """
    posix = path.replace("\\", "/")
    return posix if _ELSEWHERE.match(posix) else posixpath.normpath(posixpath.join(base or ".", posix))


def leaves_repository(path: str) -> bool:
    """Whether a path that `resolve` returned lies outside the repository."""
    return path == ".." or path.startswith("../") or _ELSEWHERE.match(path) is not None


def _kind(value: Json) -> str:
    """What a wrong value is, in a few words and never at length."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    names = {dict: "a mapping", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")
