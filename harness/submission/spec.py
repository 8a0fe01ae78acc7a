"""What a submission argument names: a path or a Git URL, and perhaps a revision of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harness.errors import Unreadable
from harness.submission.wording import shown

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")
_SCP_LIKE = re.compile(r"[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:(?P<path>[^:].*)")
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_LOOKED_FOR = (
    "a folder with a Git repository, a bare repository, a .bundle, .zip, .tar or .tar.gz file, "
    "an https:// or ssh:// Git URL, or one of these with @REVISION"
)


@dataclass(frozen=True)
class Spec:
    """A submission argument taken apart: either path or url is set; a url has its transport protocol."""

    path: Path | None
    url: str | None
    protocol: str
    revision: str | None

    @property
    def location(self) -> str:
        """The path or URL as a reader may see it, without any password."""
        return shown(self.path if self.path is not None else self.url)

    @property
    def name(self) -> str:
        """What to call the submission: the last part of the path or URL, and a revision that was named."""
        last = self.path.resolve().name if self.path else re.split(r"[/:]", (self.url or "").rstrip("/"))[-1]
        stem = re.sub(r"\.(git|bundle|zip|tar|tgz|tar\.(gz|bz2|xz))$", "", last, flags=re.IGNORECASE)
        revision = f"@{self.revision.replace('/', '-')}" if self.revision else ""
        return shown(f"{stem or last}{revision}")


def parse_spec(text: str) -> Spec:
    """Return what the argument names; a path that exists as it stands wins over a reading with @REVISION.

    Raises Unreadable when nothing is there, or when the URL's protocol is not one of file, https and ssh.
    """
    local = _local(text)
    if local:
        return local
    if url := _URL.match(text):
        return _from_url(text, url["scheme"].lower())
    if _HELPER.match(text):
        raise Unreadable(
            f"cannot open '{shown(text)}': Git's transport helpers are not allowed; use https or ssh"
        )
    if _SCP_LIKE.fullmatch(text):
        return _remote(text, "ssh", text.index(":"))
    raise Unreadable(f"cannot open '{shown(text)}': no such file or folder; looked for {_LOOKED_FOR}")


def _local(text: str) -> Spec | None:
    if _exists(text):
        return Spec(Path(text), None, "file", None)
    for at in (position for position in range(len(text) - 1, 0, -1) if text[position] == "@"):
        path, revision = text[:at], text[at + 1 :]
        if revision and _exists(path):
            return Spec(Path(path), None, "file", _checked(revision))
    return None


def _exists(text: str) -> bool:
    try:
        return bool(text) and Path(text).exists()
    except (OSError, ValueError):
        return False


def _from_url(text: str, scheme: str) -> Spec:
    if scheme == "file":
        rest = text.partition("://")[2]
        local = _local(rest) or _local(unquote(rest)) if rest.startswith("/") else None
        if local is None:
            raise Unreadable(f"cannot open '{shown(text)}': no such file or folder on this machine")
        return local
    if scheme not in {"https", "ssh"}:
        raise Unreadable(
            f"cannot open '{shown(text)}': the protocol '{shown(scheme)}' is not allowed; use https:// or ssh://"
        )
    host_end = text.find("/", text.index("://") + 3)
    if host_end < 0 or not urlsplit(text).hostname:
        raise Unreadable(f"cannot open '{shown(text)}': the URL names no host or no repository")
    return _remote(text, scheme, host_end)


def _remote(text: str, protocol: str, path_start: int) -> Spec:
    path = text[path_start:]
    suffix = re.search(r"\.git@", path)
    at = suffix.end() - 1 if suffix else path.rfind("@")
    if at < 0:
        return Spec(None, text, protocol, None)
    return Spec(None, text[: path_start + at], protocol, _checked(path[at + 1 :]))


def _checked(revision: str) -> str:
    if not revision or revision.startswith("-") or not revision.isprintable() or ".." in revision:
        raise Unreadable(
            f"'{shown(revision)}' is no revision; name a branch, a tag, a commit, refs/pull/12/head or pr/12"
        )
    return revision
