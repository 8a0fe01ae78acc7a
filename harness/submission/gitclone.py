"""The harness's own bare clone of a submission, and the one way in which Git is run here: isolated."""

from __future__ import annotations

import os
import re
import string
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import git
from git.exc import CommandError, GitCommandNotFound

from harness.errors import HarnessError, Unreadable
from harness.submission.gitdir import GitDirectory, Head
from harness.submission.wording import shown

if TYPE_CHECKING:
    from pathlib import Path

_SHA_AND_REF = re.compile(r"(?P<sha>[0-9a-f]{40})\s+(?P<ref>\S+)")
_EVERYTHING = ("+refs/*:refs/*", "^refs/replace/*")
_CONFIG = """\
[core]
    hooksPath = {null}
    attributesFile = {null}
    excludesFile = {null}
    fsmonitor = false
    commitGraph = false
    multiPackIndex = false
    bigFileThreshold = 64m
[init]
    templateDir =
    defaultBranch = main
[safe]
    directory = *
[credential]
    helper =
[protocol]
    allow = never
[transfer]
    fsckObjects = false
[fetch]
    unpackLimit = 1
    recurseSubmodules = false
    writeCommitGraph = false
[submodule]
    recurse = false
[pack]
    useBitmaps = false
[gc]
    auto = 0
[maintenance]
    auto = false
"""


@dataclass(frozen=True)
class IsolatedGit:
    """Git with a home and a configuration of the harness's own: nobody's hooks, helpers, filters or prompts.

    `transfer.fsckObjects` stays off, as it is by default in Git: a submission with an odd time stamp in its
    history is still a submission. Hashes are checked all the same: everything arrives by `git index-pack`.
    """

    home: Path
    timeout: float = 600.0

    @classmethod
    def at(cls, home: Path) -> IsolatedGit:
        """Return an isolated Git whose home is this folder, made when it is not there."""
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitconfig").write_text(_CONFIG.format(null=os.devnull))
        return cls(home)

    def run(
        self,
        *argv: str | Path,
        protocol: str = "file",
        stdin: BinaryIO | None = None,
        stdout: BinaryIO | None = None,
    ) -> str:
        """Run one Git command and return its output; GitFailed with Git's own reason when it fails."""
        command = [*_without_callers_repository(), "git", *(os.fspath(word) for word in argv)]
        try:
            printed = git.Git(self.home).execute(
                command,
                istream=stdin,
                output_stream=stdout,
                env=self._environment(protocol),
                kill_after_timeout=None if sys.platform == "win32" else self.timeout,
            )
        except GitCommandNotFound as error:
            raise HarnessError("the command git was not found on PATH: install Git 2.32 or newer") from error
        except CommandError as error:
            raise GitFailed(_reason(error)) from error
        return str(printed)

    def _environment(self, protocol: str) -> dict[str, str]:
        home = str(self.home)
        return {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "GIT_CEILING_DIRECTORIES": str(self.home.parent),
            "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_ALLOW_PROTOCOL": protocol,
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        }


class GitFailed(Exception):
    """A Git command exited with an error; the message is Git's own reason, safe to show."""


def _without_callers_repository() -> list[str]:
    """Return what unsets the Git variables that a caller, say a hook, has set for the caller's repository."""
    stale = sorted(name for name in os.environ if name.startswith("GIT_") and not name.startswith("GIT_SSL_"))
    return ["env", *(word for name in stale for word in ("-u", name))] if stale else []


def _reason(error: CommandError) -> str:
    lines = [
        line.strip() for line in str(error.stderr).strip().removeprefix("stderr: ").strip("'\n ").splitlines()
    ]
    telling = [
        line
        for line in lines
        if re.match(r"(fatal|error|ERROR|remote|ssh|Timeout|Host|[\w.@-]+: Perm)", line)
    ]
    return shown("; ".join(dict.fromkeys(telling or lines[-1:])) or f"exit status {error.status}", 300)


def clone_directory(isolated: IsolatedGit, source: GitDirectory, target: Path, scratch: Path) -> None:
    """Clone a handed-in Git directory, whose own configuration, hooks and alternates Git never sees.

    Git reads the objects through a stand-in directory that has only the refs, and points to the objects.
    Raises GitFailed when objects are missing or broken.
    """
    _make_stand_in(source, scratch)
    extra = ("HEAD",) if source.head.commit else ()
    fetch_everything(isolated, str(scratch), target, also=extra)


def _make_stand_in(source: GitDirectory, scratch: Path) -> None:
    for folder in ("objects/info", "objects/pack", "refs"):
        (scratch / folder).mkdir(parents=True)
    objects = _quoted(os.fsencode(source.objects.resolve()))
    (scratch / "objects" / "info" / "alternates").write_text(f"{objects}\n")
    (scratch / "config").write_text("[core]\n    repositoryformatversion = 0\n    bare = true\n")
    (scratch / "HEAD").write_text(f"{source.head.commit or f'ref: {source.head.ref}'}\n")
    packed = "".join(f"{sha} {name}\n" for name, sha in sorted(source.refs.items()))
    (scratch / "packed-refs").write_text(packed, encoding="utf-8", errors="surrogateescape")
    if source.shallow:
        (scratch / "shallow").write_text("".join(f"{sha}\n" for sha in sorted(source.shallow)))


def _quoted(path: bytes) -> str:
    """Return the path as C would quote it: so it may hold a line break or begin with a number sign."""
    plain = frozenset((string.ascii_letters + string.digits + "/._- ").encode())
    body = "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in path)
    return f'"{body}"'


def fetch_everything(
    isolated: IsolatedGit, source: str, target: Path, *, protocol: str = "file", also: tuple[str, ...] = ()
) -> None:
    """Make a bare repository at target with every ref of the source, under its own name; raises GitFailed.

    Replacement refs stay behind: they would let a submission show another history than its hashes name.
    """
    isolated.run("init", "--quiet", "--bare", "--template=", target)
    options = ("--quiet", "--no-tags", "--update-shallow", "--no-auto-maintenance", "--no-write-fetch-head")
    isolated.run(
        f"--git-dir={target}",
        "fetch",
        *options,
        "--end-of-options",
        source,
        *_EVERYTHING,
        *also,
        protocol=protocol,
    )


def bundle_head(isolated: IsolatedGit, bundle: Path) -> Head:
    """Return HEAD when the bundle was made: a bundle records its commit; the branch is one at that commit."""
    heads = _refs_in(isolated.run("bundle", "list-heads", bundle))
    commit = heads.pop("HEAD", None)
    same = sorted(name for name, sha in heads.items() if sha == commit and name.startswith("refs/heads/"))
    preferred = [name for name in ("refs/heads/main", "refs/heads/master") if name in same]
    branch = next(iter(preferred + same), None)
    return Head(branch, None if branch else commit)


def remote_head(isolated: IsolatedGit, url: str, protocol: str) -> Head:
    """Return what HEAD of a Git server says; raises GitFailed when it cannot be reached."""
    answer = isolated.run("ls-remote", "--symref", "--end-of-options", url, "HEAD", protocol=protocol)
    symbolic = re.search(r"^ref: (refs/\S+)\s+HEAD$", answer, re.MULTILINE)
    commit = _refs_in(answer).get("HEAD")
    return Head(symbolic[1], None) if symbolic else Head(None, commit)


def refs_of(isolated: IsolatedGit, repository: Path) -> dict[str, str]:
    """Return the object of each ref of the clone, by full name."""
    return _refs_in(
        isolated.run(f"--git-dir={repository}", "for-each-ref", "--format=%(objectname) %(refname)")
    )


def _refs_in(text: str) -> dict[str, str]:
    return {match["ref"]: match["sha"] for match in _SHA_AND_REF.finditer(text)}


def commit_of(isolated: IsolatedGit, repository: Path, revision: str) -> str:
    """Return the 40 hex digits of the commit that a revision names; Unreadable when it names none."""
    try:
        return isolated.run(
            f"--git-dir={repository}",
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{revision}^{{commit}}",
        )
    except GitFailed as error:
        raise Unreadable(f"'{shown(revision)}' names no commit that was handed in") from error


def point_head(isolated: IsolatedGit, repository: Path, commit: str, ref: str | None) -> None:
    """Make HEAD of the clone the graded revision: its branch where it is one, else the commit."""
    here = f"--git-dir={repository}"
    if ref and ref.startswith("refs/heads/"):
        isolated.run(here, "symbolic-ref", "HEAD", ref)
    else:
        isolated.run(here, "update-ref", "--no-deref", "HEAD", commit)
