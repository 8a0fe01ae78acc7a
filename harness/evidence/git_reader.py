"""Git's plumbing on the harness's own bare clone: objects by name, a command's output as a bounded stream.

Nothing of the submission runs or decides: no hooks, no filters, no configuration but Git's defaults, no
replaced objects, no fetching of what a partial clone left out.
"""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import git

from harness.errors import MalformedEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_OUTPUT = 512 * 1024 * 1024
READ_LIMIT = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_SUCCESS = (0,)


class _Apart(git.Git):
    """Git in process groups of its own: Ctrl-C in a terminal is for the harness, which ends them."""

    def execute(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (as GitPython has it)
        """Run a command, as ever."""
        return super().execute(*args, **{"process_group": 0, **kwargs})


class GitReader:
    """Reads the bare repository at `path`; a blob is hashed once.

    Every method raises MalformedEvidence where an object is missing or damaged, or a limit is passed.
    """

    def __init__(self, path: Path) -> None:
        place = path.resolve()
        self._git = _Apart(place)
        self._git.update_environment(**_environment(place))
        self._lock = threading.RLock()
        self._md5s: dict[str, tuple[str, str, str]] = {}

    def close(self) -> None:
        """End the Git processes that were kept for reading objects."""
        self._git.clear_cache()

    def blob(self, sha: str, limit: int = READ_LIMIT) -> bytes | None:
        """Return a blob's bytes, None where they are more than `limit`."""
        with self._lock, _damage_named(f"blob {sha}"):
            if int(self._git.get_object_header(sha)[2]) > limit:
                return None
            return bytes(self._git.get_object_data(sha)[3])

    def whole(self, sha: str, limit: int = READ_LIMIT) -> bytes | None:
        """Return an object as Git hashes it, with its kind and size; None where it has more than `limit`."""
        with self._lock, _damage_named(f"object {sha}"):
            if int(self._git.get_object_header(sha)[2]) > limit:
                return None
            _, kind, size, data = self._git.get_object_data(sha)
            return b"%s %d\0%s" % (os.fsencode(kind), int(size), bytes(data))

    def size(self, sha: str) -> int:
        """Return the size of a blob in bytes."""
        with self._lock, _damage_named(f"blob {sha}"):
            return int(self._git.get_object_header(sha)[2])

    def md5s(self, sha: str) -> tuple[str, str, str]:
        """Return the MD5s of a blob: as it is, with LF line ends, with CRLF line ends."""
        with self._lock, _damage_named(f"blob {sha}"):
            if sha not in self._md5s:
                stream = self._git.stream_object_data(sha)[3]
                self._md5s[sha] = digests(iter(lambda: bytes(stream.read(_CHUNK)), b""))
            return self._md5s[sha]

    def lines(self, *command: str, ok: tuple[int, ...] = _SUCCESS) -> list[str]:
        """Return the lines that a Git command prints; an exit code that is not in `ok` is damage."""
        return self.output(*command, ok=ok).decode("utf-8", "backslashreplace").splitlines()

    def output(self, *command: str, ok: tuple[int, ...] = _SUCCESS) -> bytes:
        """Return what a Git command prints."""
        return b"".join(self._stream(command, ok))

    def records(self, *command: str) -> Iterator[bytes]:
        """Yield the NUL-separated records that a Git command prints, as they come."""
        rest = b""
        for chunk in self._stream(command, _SUCCESS):
            *whole, rest = (rest + chunk).split(b"\0")
            yield from whole
        if rest:
            yield rest

    def _stream(self, command: tuple[str, ...], ok: tuple[int, ...]) -> Iterator[bytes]:
        """The output in chunks; the command ends when nobody reads on."""
        handle = self._git.execute(["git", *command], as_process=True)
        process = handle.proc
        if process is None or process.stdout is None or process.stderr is None:
            raise MalformedEvidence("Git history", f"git {command[0]} could not be started")
        read = 0
        try:
            while chunk := process.stdout.read(_CHUNK):
                read += len(chunk)
                if read > MAX_OUTPUT:
                    raise MalformedEvidence(
                        "Git history", f"git {command[0]} gives more than {MAX_OUTPUT} bytes"
                    )
                yield chunk
            complaint = process.stderr.read().decode("utf-8", "replace").strip()
            if process.wait() not in ok:
                raise MalformedEvidence("Git history", f"git {command[0]} says: {complaint or '(none)'}")
        finally:
            process.kill()
            process.communicate()
            del handle


def digests(chunks: Iterable[bytes]) -> tuple[str, str, str]:
    """Return the MD5s of a stream of bytes: as it is, with LF line ends, with CRLF line ends."""
    plain, unix, windows = (hashlib.md5(usedforsecurity=False) for _ in range(3))
    held = b""
    for chunk in chunks:
        plain.update(chunk)
        text = held + chunk
        held = b"\r" if text.endswith(b"\r") else b""
        lines = text[: len(text) - len(held)].replace(b"\r\n", b"\n")
        unix.update(lines)
        windows.update(lines.replace(b"\n", b"\r\n"))
    unix.update(held)
    windows.update(held)
    return plain.hexdigest(), unix.hexdigest(), windows.hexdigest()


@contextmanager
def _damage_named(what: str) -> Iterator[None]:
    """Turn what GitPython raises for a missing or damaged object into evidence that cannot be read."""
    try:
        yield
    except (ValueError, OSError, git.exc.GitError) as error:
        raise MalformedEvidence(what, f"missing from the repository, or damaged: {error}") from error


def _environment(path: Path) -> dict[str, str]:
    """Variables that keep the user's and the machine's Git configuration, and replaced objects, out."""
    return {
        "GIT_DIR": str(path),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }
