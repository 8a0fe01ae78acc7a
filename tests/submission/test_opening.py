"""Opening each thing that can be handed in, without touching it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import Unreadable
from harness.submission import open_submission

GitIn = Callable[..., str]


@pytest.fixture
def main_commit(template: Path, git_in: GitIn) -> str:
    """The commit at the tip of the template's main."""
    return git_in(template, "rev-parse", "main")


@pytest.fixture
def first_commit(template: Path, git_in: GitIn) -> str:
    """The commit that every other ref of the template names."""
    return git_in(template, "rev-parse", "main~1")


def pack(folder: Path, kind: str) -> Path:
    """Pack a folder with its own name as the top of the archive."""
    return Path(shutil.make_archive(str(folder), kind, folder.parent, folder.name))


class TestWhatOpens:
    """Every door leads to the same submission."""

    def test_folder(self, alice: Path, into: Path, main_commit: str) -> None:
        """A folder with a work tree is graded at HEAD."""
        opened = open_submission(str(alice), into)
        assert (opened.name, opened.kind, opened.commit, opened.branch) == (
            "alice",
            "folder",
            main_commit,
            "main",
        )
        assert opened.repository.is_relative_to(into)
        assert not opened.shallow

    def test_folder_by_relative_path_with_slash(
        self, alice: Path, into: Path, main_commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A relative path and a trailing slash name the same submission."""
        monkeypatch.chdir(alice)
        assert open_submission("./", into).commit == main_commit

    def test_bare_repository(
        self, alice: Path, into: Path, git_in: GitIn, tmp_path: Path, main_commit: str
    ) -> None:
        """A bare repository is graded at its HEAD and has no DVC objects."""
        git_in(tmp_path, "clone", "--quiet", "--mirror", alice, "work.git")
        opened = open_submission(str(tmp_path / "work.git"), into)
        assert (opened.name, opened.kind, opened.commit, bool(opened.objects)) == (
            "work",
            "git",
            main_commit,
            False,
        )

    def test_bundle(self, alice: Path, into: Path, git_in: GitIn, tmp_path: Path, main_commit: str) -> None:
        """A bundle of everything carries the experiments too."""
        git_in(alice, "bundle", "create", "--quiet", tmp_path / "work.bundle", "--all")
        opened = open_submission(str(tmp_path / "work.bundle"), into)
        assert (opened.kind, opened.commit, opened.branch) == ("bundle", main_commit, "main")
        assert "refs/exps/ab/" in git_in(opened.repository, "for-each-ref")

    def test_bundle_of_one_branch(self, alice: Path, into: Path, git_in: GitIn, first_commit: str) -> None:
        """A bundle without HEAD is graded at its only branch."""
        git_in(alice, "bundle", "create", "--quiet", "one.bundle", "feature/x")
        opened = open_submission(str(alice / "one.bundle"), into)
        assert (opened.commit, opened.branch) == (first_commit, "feature/x")

    @pytest.mark.parametrize(
        ("kind", "is_called"), [("zip", "zip"), ("gztar", "tar"), ("tar", "tar"), ("xztar", "tar")]
    )
    def test_archive(self, alice: Path, into: Path, tmp_path: Path, kind: str, is_called: str) -> None:
        """An archive of a folder is the folder: same commit, same digest, same objects."""
        as_folder = open_submission(str(alice), tmp_path / "as-folder")
        opened = open_submission(str(pack(alice, kind)), into)
        assert (opened.name, opened.kind) == ("alice", is_called)
        assert (opened.commit, opened.digest) == (as_folder.commit, as_folder.digest)
        assert opened.objects.names() == as_folder.objects.names() != frozenset()

    def test_archive_without_top_folder(
        self, alice: Path, into: Path, tmp_path: Path, main_commit: str
    ) -> None:
        """The repository may be the archive's root itself."""
        archive = shutil.make_archive(str(tmp_path / "flat"), "zip", alice)
        assert open_submission(archive, into).commit == main_commit

    def test_archive_with_bare_remote_beside(
        self, alice: Path, into: Path, git_in: GitIn, tmp_path: Path, main_commit: str
    ) -> None:
        """A work tree is preferred to the bare remote that was packed with it."""
        (tmp_path / "both").mkdir()
        git_in(tmp_path, "clone", "--quiet", "--bare", alice, "both/remote.git")
        shutil.move(alice, tmp_path / "both" / "lab")
        opened = open_submission(str(pack(tmp_path / "both", "zip")), into)
        assert (opened.kind, opened.commit) == ("zip", main_commit)
        assert opened.objects

    def test_file_url(self, alice: Path, into: Path, main_commit: str) -> None:
        """A file URL is the folder it names, percent signs undone."""
        spaced = alice.rename(alice.parent / "the lab")
        url = f"file://{str(spaced).replace(' ', '%20')}"
        assert open_submission(url, into).commit == main_commit

    @pytest.mark.parametrize(
        "name", ["my lab", "größe", "a@b", "a@main", "#x", 'q"uote', "new\nline", "-dash", "back\\slash"]
    )
    def test_unusual_name(self, alice: Path, into: Path, main_commit: str, name: str) -> None:
        """Whatever the folder is called, it opens."""
        assert open_submission(str(alice.rename(alice.parent / name)), into).commit == main_commit

    def test_unusual_name_with_revision(self, alice: Path, into: Path, first_commit: str) -> None:
        """A path that holds an @ can have a revision too."""
        odd = alice.rename(alice.parent / "a@b c")
        opened = open_submission(f"{odd}@feature/x", into)
        assert (opened.commit, opened.branch, opened.name) == (first_commit, "feature/x", "a@b c@feature-x")

    @pytest.mark.parametrize(
        "revision",
        [
            "v1",
            "feature/x",
            "refs/heads/feature/x",
            "refs/pull/12/head",
            "pr/12",
            "refs/merge-requests/7/head",
            "mr/7",
            "main~1",
        ],
    )
    def test_revision(self, alice: Path, into: Path, first_commit: str, git_in: GitIn, revision: str) -> None:
        """A branch, tag, pull request or ancestor can be named, and becomes HEAD of the clone."""
        v1 = git_in(alice, "rev-parse", "v1^{commit}")
        opened = open_submission(f"{alice}@{revision}", into)
        assert opened.commit == (v1 if revision == "v1" else first_commit)
        assert git_in(opened.repository, "rev-parse", "HEAD") == opened.commit

    def test_revision_by_commit(self, alice: Path, into: Path, first_commit: str) -> None:
        """A commit can be named by a few of its digits, and has the branch main."""
        opened = open_submission(f"{alice}@{first_commit[:8]}", into)
        assert (opened.commit, opened.branch) == (first_commit, "main")

    def test_revision_of_an_archive(self, alice: Path, into: Path, first_commit: str) -> None:
        """An archive takes a revision like a folder."""
        assert open_submission(f"{pack(alice, 'zip')}@pr/12", into).commit == first_commit

    def test_detached_head(self, alice: Path, into: Path, commit: Callable[..., str], git_in: GitIn) -> None:
        """A detached HEAD is graded where it is, though no branch holds its commit."""
        git_in(alice, "checkout", "--quiet", "--detach")
        lonely = commit(alice, {"more.txt": "x"}, "on no branch")
        opened = open_submission(str(alice), into)
        assert (opened.commit, opened.branch) == (lonely, "main")
        assert git_in(opened.repository, "show", f"{lonely}:more.txt") == "x"

    def test_unborn_head_with_one_branch(
        self, into: Path, tmp_path: Path, git_in: GitIn, commit: Callable[..., str]
    ) -> None:
        """Where HEAD names a branch that was never made, the only branch is meant."""
        git_in(tmp_path, "init", "--quiet", "--initial-branch=work", "lab")
        made = commit(tmp_path / "lab", {"a": "1"}, "one")
        git_in(tmp_path / "lab", "symbolic-ref", "HEAD", "refs/heads/master")
        opened = open_submission(str(tmp_path / "lab"), into)
        assert (opened.commit, opened.branch) == (made, "work")

    def test_all_refs_but_replacements(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """The clone has every ref under its own name, only replacement refs stay behind."""
        git_in(alice, "replace", "main", "main~1")
        git_in(alice, "pack-refs", "--all")
        opened = open_submission(str(alice), into)
        theirs = git_in(alice, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        ours = git_in(opened.repository, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        assert ours == [line for line in theirs if "refs/replace/" not in line]
        assert "refs/replace/" not in " ".join(ours)

    def test_submodule_is_not_fetched(self, alice: Path, into: Path, git_in: GitIn, template: Path) -> None:
        """A submodule stays the entry it is in the commit."""
        git_in(alice, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", template, "other")
        git_in(alice, "commit", "--quiet", "--message", "submodule")
        opened = open_submission(str(alice), into)
        assert "160000 commit" in git_in(opened.repository, "ls-tree", "HEAD", "other")
        assert not (opened.repository / "modules").exists()

    def test_shallow_below_the_work(
        self, alice: Path, into: Path, git_in: GitIn, commit: Callable[..., str]
    ) -> None:
        """A shallow clone with work of its own on top opens, and says that it is shallow."""
        git_in(alice.parent, "clone", "--quiet", "--depth=1", f"file://{alice}", "cut")
        made = commit(alice.parent / "cut", {"work": "1"}, "work")
        opened = open_submission(str(alice.parent / "cut"), into)
        assert (opened.commit, opened.shallow) == (made, True)

    def test_in_the_middle_of_somebody_elses_git(
        self, alice: Path, into: Path, main_commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Called from a Git hook, another repository in its variables, the submission is what is read."""
        for name in (
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_COMMON_DIR",
            "GIT_QUARANTINE_PATH",
        ):
            monkeypatch.setenv(name, "/nonexistent")
        assert open_submission(str(alice), into).commit == main_commit


class TestWhatIsLeftAlone:
    """What was handed in is only read."""

    @pytest.mark.parametrize("kind", ["folder", "bare", "zip"])
    def test_nothing_is_modified(
        self, alice: Path, into: Path, git_in: GitIn, kind: str, tree_of: Callable[[Path], object]
    ) -> None:
        """Every file keeps its content, its mode and its time."""
        handed_in = alice.parent / "handed-in"
        handed_in.mkdir()
        if kind == "bare":
            git_in(alice.parent, "clone", "--quiet", "--mirror", alice, "handed-in/work.git")
        else:
            shutil.move(pack(alice, "zip") if kind == "zip" else alice, handed_in)
        before = tree_of(handed_in)
        open_submission(str(next(handed_in.iterdir())), into)
        assert tree_of(handed_in) == before

    def test_hooks_and_config_are_not_used(
        self, alice: Path, into: Path, git_in: GitIn, tmp_path: Path
    ) -> None:
        """Nothing that the submission's Git directory would have Git run is run."""
        trap = f"touch {tmp_path / 'sprung'}"
        for key in (
            "core.fsmonitor",
            "core.sshCommand",
            "core.askPass",
            "credential.helper",
            "uploadpack.packObjectsHook",
        ):
            git_in(alice, "config", key, trap)
        git_in(alice, "config", "filter.x.smudge", trap)
        git_in(alice, "config", "include.path", "/nonexistent/config")
        for hook in ("post-checkout", "reference-transaction", "pre-push", "post-merge", "pre-receive"):
            (alice / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\n{trap}\n")
            (alice / ".git" / "hooks" / hook).chmod(0o755)
        opened = open_submission(str(alice), into)
        assert not (tmp_path / "sprung").exists()
        assert "sprung" not in (opened.repository / "config").read_text()
        assert not (opened.repository / "hooks").exists()

    def test_partial_clone_fetches_nothing(
        self, alice: Path, into: Path, git_in: GitIn, tmp_path: Path
    ) -> None:
        """A partial clone that names a command as its source is refused without running it."""
        git_in(alice, "config", "uploadpack.allowFilter", "true")
        git_in(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", f"file://{alice}", "partial.git")
        partial = tmp_path / "partial.git"
        git_in(partial, "config", "remote.origin.url", f"ext::sh -c touch% {tmp_path / 'sprung'}")
        git_in(partial, "config", "protocol.ext.allow", "always")
        with pytest.raises(Unreadable, match="a partial clone lacks objects: run `git fetch --refetch"):
            open_submission(str(partial), into)
        assert not (tmp_path / "sprung").exists()
