"""DVC's committed configuration: its remotes, which of them is the default, and secrets that it gives away.

DVC reads the file with configobj: ``[core]``, ``['remote "storage"']``, names without case. What the options
hold is left out of every `repr`, so that no report prints a secret by accident.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]

from harness.errors import MalformedEvidence
from harness.evidence.safe_yaml import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.repository import Tree

COMMITTED = "config"
LOCAL = "config.local"
SIZE_LIMIT = 64 * 1024
# configobj's patterns need time that grows with the square of a line's length.
LONGEST_LINE = 2000
_NAMED = re.compile(r'\s*(?P<kind>remote|machine|db)\s*"(?P<name>.*)"\s*')
_SECRETS = frozenset(
    {
        "account_key",
        "client_secret",
        "connection_string",
        "custom_auth_header",
        "gdrive_client_secret",
        "oss_key_secret",
        "passphrase",
        "password",
        "sas_token",
        "secret_access_key",
        "session_token",
        "sse_customer_key",
        "token",
    }
)
_USERINFO = re.compile(r"://[^/@:\s]*:[^/@\s]+@")


@dataclass(frozen=True)
class Credential:
    """A secret in a committed file: the option that holds it and its line, never its value."""

    file: str
    line: int
    option: str


@dataclass(frozen=True)
class DvcConfig:
    """One configuration file; `root` is the folder that ``.dvc`` is in, ``.`` for the repository's own.

    `remotes` by name, each with its options; `local` for a ``config.local``, which belongs in no commit.
    """

    file: str
    root: str
    default_remote: str | None
    remotes: Mapping[str, Mapping[str, str]] = field(repr=False)
    credentials: tuple[Credential, ...] = ()
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @property
    def local(self) -> bool:
        """Whether it is the file for this machine's own settings and secrets."""
        return self.file.endswith(LOCAL)

    @property
    def default_is_defined(self) -> bool:
        """Whether there is a default remote, with a URL."""
        return bool(self.remotes.get(self.default_remote or "", {}).get("url"))


def parse_config(file: str, data: bytes) -> DvcConfig:
    """Return the configuration file `file`; raises MalformedEvidence where DVC could not read it either."""
    if len(data) > SIZE_LIMIT:
        raise MalformedEvidence(file, f"larger than {SIZE_LIMIT // 1024} KiB")
    lines = [line.strip() for line in decode(data, file).split("\n")]
    if max(map(len, lines)) > LONGEST_LINE:
        raise MalformedEvidence(file, f"holds a line of more than {LONGEST_LINE} characters")
    try:
        parsed = ConfigObj(lines, interpolation=False, raise_errors=True).dict()
    except ConfigObjError as error:
        raise MalformedEvidence(file, f"not a DVC configuration, in line {error.line_number}") from None
    sections = {name.lower(): _options(value) for name, value in parsed.items() if isinstance(value, dict)}
    default = sections.get("core", {}).get("remote", "").lower() or None
    root = posixpath.dirname(posixpath.dirname(file)) or "."
    return DvcConfig(file, root, default, _remotes(parsed), _credentials(file, lines), sections)


def configs_in(tree: Tree) -> tuple[DvcConfig, ...]:
    """Return every committed ``.dvc/config`` in `tree`; raises MalformedEvidence for an unreadable one."""
    return tuple(_read(tree, path) for path in tree.paths() if _is_config(path, COMMITTED))


def local_configs_in(tree: Tree) -> tuple[DvcConfig, ...]:
    """Return every ``.dvc/config.local`` that was committed to `tree`, though it should not be."""
    return tuple(_read(tree, path) for path in tree.paths() if _is_config(path, LOCAL))


def _is_config(path: str, name: str) -> bool:
    return path == f".dvc/{name}" or path.endswith(f"/.dvc/{name}")


def _read(tree: Tree, path: str) -> DvcConfig:
    data = tree.read(path, SIZE_LIMIT)
    if data is None:
        raise MalformedEvidence(path, "not a regular file of readable size")
    return parse_config(path, data)


def _options(section: Mapping[str, object]) -> dict[str, str]:
    """The options of a section as text, keys without case; a value with commas was read as a list."""
    return {
        key.lower(): ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in section.items()
        if not isinstance(value, dict)
    }


def _remotes(parsed: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """The remotes by name; DVC reads section names without case, so a remote's name is in lower case."""
    named = ((_NAMED.fullmatch(section.lower()), value) for section, value in parsed.items())
    return {
        match["name"]: _options(value)
        for match, value in named
        if match is not None and match["kind"] == "remote" and isinstance(value, dict)
    }


def _credentials(file: str, lines: list[str]) -> tuple[Credential, ...]:
    """The lines that give a secret away, by an option's name or by a password in a URL."""
    options = ((number, *line.partition("=")[::2]) for number, line in enumerate(lines, start=1))
    return tuple(
        Credential(file, number, key.strip().lower())
        for number, key, value in options
        if value.strip() and (key.strip().lower() in _SECRETS or _USERINFO.search(value))
    )
