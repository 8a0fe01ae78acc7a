"""A temporary copy of a submission, with Git and DVC remotes, a DVC cache and a home of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, HarnessError
from harness.workspace.box.isolation import isolation
from harness.workspace.command import Completed, Limits, carry_out
from harness.workspace.copying import copy_tree
from harness.workspace.dvc_config import exclude_from_git, point_dvc
from harness.workspace.environment import GIT_CONFIG, Surroundings
from harness.workspace.files import (
    copy_inside,
    is_folder_inside,
    md5_inside,
    read_inside,
    remove_inside,
    write_inside,
)
from harness.workspace.launcher import Order
from harness.workspace.reaching import inside
from harness.workspace.stage_log import stage_pipe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.workspace.launcher import Launcher

READ_LIMIT = 64 << 20
COPIED = ("repo", "cache", "storage", "origin", "home")
SHOWN_ROOT = "/workspace"
AS_PACK = "transfer.unpackLimit=1"  # few files instead of one for each object: workspaces are copied often


class Workspace:
    """The folders of one workspace below `root`, and the commands run in it so far (`steps`).

    Commands run one after the other: one workspace, one thread. Setting `limits.stop` kills the running one.
    `at` is the commit that is checked out, with nothing beside it, as long as no command has run.
    """

    def __init__(self, root: Path, limits: Limits | None = None, launcher: Launcher | None = None) -> None:
        self.root = root.resolve()
        self.limits = limits or Limits()
        self.launcher = launcher or isolation().launcher()
        self.source: Path | None = None
        self.branch = ""
        self.at: str | None = None
        self.steps: list[Completed] = []
        self.surroundings = Surroundings.under(self.root)

    @property
    def repo(self) -> Path:
        """The work tree."""
        return self.root / "repo"

    @property
    def cache(self) -> Path:
        """DVC's cache, outside the work tree."""
        return self.root / "cache"

    @property
    def storage(self) -> Path:
        """The local folder that serves as DVC remote."""
        return self.root / "storage"

    @property
    def origin(self) -> Path:
        """The bare repository that serves as Git remote."""
        return self.root / "origin"

    @property
    def home(self) -> Path:
        """The commands' HOME."""
        return self.surroundings.home

    @property
    def tmp(self) -> Path:
        """The commands' temp dir; empty in a copy."""
        return self.surroundings.tmp

    @classmethod
    def create(  # noqa: PLR0913 (what a workspace is made of, each by its name)
        cls,
        root: Path,
        *,
        repository: Path | None,
        commit: str | None,
        branch: str,
        others: tuple[str, ...] = (),
        limits: Limits | None = None,
        launcher: Launcher | None = None,
    ) -> Workspace:
        """A workspace with all branches and tags of `repository`, `commit` checked out as `branch`.

        The branch is pushed to the origin. The refs of experiments (refs/exps) stay behind, and so do their
        commits, but for those named in `others`. Without a repository the workspace starts with an empty one.

        Raises:
            HarnessError: the commit is not in the repository, or `root` is already in use.
        """
        workspace = cls(root, limits, launcher)
        workspace.source, workspace.branch = repository, branch
        workspace._make_folders()
        workspace.git("init", "-q", "--template=", "-b", branch, ".")
        workspace.git("init", "-q", "--template=", "--bare", "-b", branch, "../origin")
        workspace.git("remote", "add", "origin", str(workspace.origin))
        exclude_from_git(workspace.repo)
        if repository is not None and commit is not None:
            workspace._take(commit, branch, others)
        workspace.configure()
        return workspace

    def run(
        self,
        *argv: str,
        cwd: str = ".",
        timeout: float | None = None,
        check: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command in the repository's folder `cwd`, with more `variables`, and record it as a step.

        Everything that it started is dead afterwards. Paths of this machine are shown as /workspace/….

        Raises:
            CheckFailed: it met a limit, it failed and `check` is set, or `cwd` is no folder here.
            Stopped: the workspace was stopped meanwhile.
            HarnessError: `cwd` leads out of the repository.
        """
        self.configure()
        place = inside(cwd)
        if not is_folder_inside(self.repo, place):
            raise CheckFailed(f"the folder {place} of the repository", "no folder there, or a link")
        self.at = None
        with stage_pipe(self.surroundings.bin) as pipe:
            ended = self.execute(argv, cwd=place, timeout=timeout, variables=variables)
            done = replace(ended, stages=pipe.told(place))
        self.steps.append(done)
        done.require(success=check)
        return done

    def leave(self) -> None:
        """End what is kept running for this workspace; its files stay, and it can be used again."""
        self.launcher.leave(self.root)

    def configure(self) -> None:
        """Point DVC at this workspace's cache and remote, where a `.dvc` folder has appeared.

        libgit2, which DVC uses too, reads the user's name in the home only.
        """
        write_inside(self.home, ".gitconfig", GIT_CONFIG.encode())
        point_dvc(self.repo, cache=self.cache, storage=self.storage)

    def copy(self, root: Path) -> Workspace:
        """An independent workspace at `root` in the same state, with no steps and an empty temp dir."""
        return self._copy(root, COPIED)

    def teammate(self, root: Path) -> Workspace:
        """A teammate's: a clone of a copy of the origin, an empty cache, and our DVC remote, gone from here.

        Raises:
            CheckFailed: the origin cannot be cloned.
        """
        root.mkdir(parents=True)
        self.storage.rename(root / "storage")
        mate = self._copy(root, ("origin", "home"), empty=("repo", "cache"))
        mate.git("clone", "-q", "--template=", str(mate.origin), ".", used=True)
        exclude_from_git(mate.repo)
        mate.configure()
        return mate

    def copy_only(self, root: Path, paths: tuple[str, ...]) -> Workspace:
        """A workspace whose repository holds the files and folders `paths` as they are now, and nothing else.

        It has no Git and no DVC: it serves to run a stage's plain command with only what it declares.
        """
        alone = self._copy(root, ("home",), empty=("repo",))
        for path in sorted({inside(path) for path in paths}):  # a folder before what is in it
            copy_inside(self.repo, alone.repo, path)
        alone.launcher.adopt(alone.root)
        return alone

    def take(self, *commits: str) -> None:
        """Fetch more commits of the submission, such as those of its experiments.

        Raises:
            CheckFailed: commands have ruined the repository.
            HarnessError: the submission has no such commit.
        """
        there = self.git("rev-list", "--no-walk", "--ignore-missing", *commits, used=True).stdout.split()
        if lacking := tuple(sha for sha in dict.fromkeys(commits) if sha not in there):
            self._fetch("--no-tags", commits=lacking)

    def write(self, path: str, data: bytes) -> None:
        """Write the bytes `data` at `path` in the repository, in place of what is there.

        Raises:
            CheckFailed: a link or a folder is in the way.
        """
        write_inside(self.repo, path, data)

    def remove(self, path: str) -> None:
        """Remove the file or folder `path` of the repository, where there is one."""
        remove_inside(self.repo, path)

    def place(self, path: str, data: Path) -> None:
        """Put a copy of the file `data` at `path` in the repository, as `write` does."""
        write_inside(self.repo, path, data)

    def put_object(self, md5: str, data: Path) -> None:
        """Put the file `data` into the cache as object `md5`, where DVC 3 and DVC 2 look for it."""
        for prefix in ("files/md5", "."):
            write_inside(self.cache, f"{prefix}/{md5[:2]}/{md5[2:]}", data, mode=0o444)

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes | None:
        """A regular file of the repository, reached without following links; None where there is none.

        Raises:
            MalformedEvidence: the file is larger than `limit` bytes.
        """
        return read_inside(self.repo, path, limit)

    def md5(self, path: str) -> str | None:
        """The md5 of a file of the repository, or of a folder as DVC computes it; None where neither is."""
        return md5_inside(self.repo, path)

    def _make_folders(self) -> None:
        for folder in (self.repo, self.cache, self.storage, self.origin):
            try:
                folder.mkdir(parents=True)
            except FileExistsError as error:
                raise HarnessError(f"cannot make a workspace in {self.root}: it is in use") from error
        self.surroundings.make()
        self.launcher.adopt(self.root)

    def _take(self, commit: str, branch: str, others: tuple[str, ...]) -> None:
        refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", commit, *others)
        self._fetch("--no-tags", "--update-head-ok", commits=refs)
        self.git("checkout", "-q", "-f", "--no-track", "-B", branch, commit)
        self.git("push", "-q", "-u", f"--receive-pack=git -c {AS_PACK} receive-pack", "origin", branch)
        self.at = commit

    def _fetch(self, *options: str, commits: tuple[str, ...]) -> None:
        if self.source is None:
            raise HarnessError("this workspace was made without a submission to fetch from")
        self.launcher.show(self.source)
        wanted = (str(self.source), *dict.fromkeys(commits))
        self.git("-c", AS_PACK, "fetch", "-q", *options, *wanted, readable=(self.source,))

    def _copy(self, root: Path, names: tuple[str, ...], empty: tuple[str, ...] = ()) -> Workspace:
        twin = Workspace(root, self.limits, self.launcher)
        twin.source, twin.branch = self.source, self.branch
        twin.at = self.at if "repo" in names else None
        twin.root.mkdir(parents=True, exist_ok=True)
        for name in names:
            copy_tree(self.root / name, twin.root / name)
        for name in empty:
            (twin.root / name).mkdir()
        twin.surroundings.make()
        twin.launcher.adopt(twin.root)
        moved = self.launcher.seen(self.root) != self.launcher.seen(twin.root)
        if moved and (twin.repo / ".git").is_dir():
            twin.git("config", "remote.origin.url", str(twin.origin), used=True)
        return twin

    def execute(
        self,
        argv: tuple[str, ...],
        *,
        cwd: str = ".",
        timeout: float | None = None,
        readable: tuple[Path, ...] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command for the harness's own purposes: no step, but one that may read `readable` folders."""
        self.at = self.at if argv[0] == "git" else None
        env = {**self.surroundings.variables(), **(variables or {})}
        limits = self.limits.within(timeout)
        order = Order(argv, self.repo / cwd, env, self.root, readable, limits.seconds, limits.allowance)
        return carry_out(order, limits, self.launcher).shown(str(self.root), SHOWN_ROOT, cwd)

    def git(self, *args: str, used: bool = False, readable: tuple[Path, ...] = ()) -> Completed:
        """Run Git for the workspace's own purposes: not a step.

        Raises:
            CheckFailed: it failed, in a repository `used` by the submission's commands.
            HarnessError: it failed in one of ours.
        """
        done = self.execute(("git", *args), readable=readable)
        if done.ok:
            return done
        if used:
            raise CheckFailed("a Git repository that works after the lab's commands", done.describe())
        raise HarnessError(f"a workspace could not be made\n{done.describe()}")
