"""Temporary repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.workspaces import commit_all, write_tree
from harness.errors import CheckFailed, HarnessError
from harness.workspace.command import Limits, run
from harness.workspace.workspace import Workspace


def bare_clone(workspace: Workspace, target: Path) -> Path:
    """A bare mirror of a workspace's repository, experiments included."""
    argv = ("git", "clone", "-q", "--mirror", ".", str(target))
    assert run(argv, cwd=workspace.repo, env=workspace.surroundings.variables(), limits=Limits()).ok
    return target


def head(workspace: Workspace) -> str:
    """The commit that is checked out."""
    return workspace.run("git", "rev-parse", "HEAD").stdout.strip()


def test_create_checks_out_the_commit_on_its_branch(git_repo: Workspace, tmp_path: Path) -> None:
    """A workspace of an older commit has it checked out and pushed as the branch, with all tags."""
    first = head(git_repo)
    git_repo.run("git", "tag", "v1", check=True)
    commit_all(git_repo, "later")
    bare = bare_clone(git_repo, tmp_path / "bare")
    workspace = Workspace.create(tmp_path / "w", repository=bare, commit=first, branch="main")
    assert head(workspace) == first
    assert workspace.run("git", "status", "-sb").stdout == "## main...origin/main\n"
    assert workspace.run("git", "tag").stdout == "v1\n"


def test_a_new_workspace_has_few_files(git_repo: Workspace, tmp_path: Path) -> None:
    """Its objects lie in a pack, as after a clone, and so do the origin's: each copy is of all files."""
    bare, first = bare_clone(git_repo, tmp_path / "bare"), head(git_repo)
    workspace = Workspace.create(tmp_path / "w", repository=bare, commit=first, branch="main")
    git_repo.run("git", "commit", "-q", "--allow-empty", "-m", "later", check=True)
    workspace.source = bare_clone(git_repo, tmp_path / "later")
    workspace.take(head(git_repo))
    for folder, packs in ((workspace.repo / ".git", 2), (workspace.origin, 1)):
        assert [path.name for path in (folder / "objects").iterdir() if len(path.name) == 2] == []
        assert len(list((folder / "objects" / "pack").glob("*.pack"))) == packs


def test_create_leaves_experiments_behind(dvc_repo: Workspace, tmp_path: Path) -> None:
    """Experiments handed in do not mix with those of the harness; one commit comes when asked for."""
    dvc_repo.run("dvc", "exp", "run", "-n", "mine", "-S", "shout.mark='?'", check=True)
    bare = bare_clone(dvc_repo, tmp_path / "bare")
    ref = dvc_repo.run("git", "for-each-ref", "refs/exps", "--format=%(objectname) %(refname)").stdout
    commit = next(row.split()[0] for row in ref.splitlines() if row.endswith("/mine"))
    workspace = Workspace.create(tmp_path / "w", repository=bare, commit=commit, branch="main")
    assert workspace.run("git", "for-each-ref", "refs/exps").stdout == ""
    assert head(workspace) == commit


def test_create_refuses_an_unknown_commit(git_repo: Workspace, tmp_path: Path) -> None:
    """A commit that is not in the repository is our error, with Git's own words."""
    bare = bare_clone(git_repo, tmp_path / "bare")
    with pytest.raises(HarnessError, match="a workspace could not be made"):
        Workspace.create(tmp_path / "w", repository=bare, commit="0" * 40, branch="main")


def test_create_refuses_a_used_folder(new_workspace: Callable[[], Workspace]) -> None:
    """Two workspaces cannot share a folder."""
    root = new_workspace().root
    with pytest.raises(HarnessError, match="it is in use"):
        Workspace.create(root, repository=None, commit=None, branch="main")


def test_steps_are_recorded(git_repo: Workspace) -> None:
    """Each command is a step, with the folder it ran in; paths of this machine are not shown."""
    before = len(git_repo.steps)
    git_repo.run("mkdir", "sub")
    git_repo.run("pwd", cwd="sub")
    steps = git_repo.steps[before:]
    assert [(step.line, step.cwd, step.stdout) for step in steps] == [
        ("mkdir sub", ".", ""),
        ("pwd", "sub", "/workspace/repo/sub\n"),
    ]


def test_check_turns_a_failure_into_the_submissions(git_repo: Workspace) -> None:
    """With check, a command that fails raises, with everything that it wrote."""
    with pytest.raises(CheckFailed, match="exit code 0") as failure:
        git_repo.run("sh", "-c", "echo why >&2; exit 2", check=True)
    assert "exit code: 2" in failure.value.found
    assert "why" in failure.value.found


def test_tells_which_stages_started(dvc_repo: Workspace) -> None:
    """The stages whose command really started are told in order; skipped ones are not among them."""
    assert dvc_repo.run("dvc", "repro").stages == ()
    assert dvc_repo.run("dvc", "repro", "-f").stages == ("shout", "count")
    write_tree(dvc_repo.repo, {"params.yaml": "shout:\n  mark: '?'\n"})
    assert dvc_repo.run("dvc", "repro", "shout").stages == ("shout",)


def test_stages_of_other_folders_are_told_from_the_git_root(dvc_repo: Workspace) -> None:
    """Where DVC runs in a subfolder, stages are still named as seen from the Git root."""
    pipeline = "stages:\n  sub:\n    cmd: [cp ../in.txt a, cp a b]\n    deps: [../in.txt]\n    outs: [a, b]\n"
    write_tree(dvc_repo.repo, {"sub/dvc.yaml": pipeline})
    assert dvc_repo.run("dvc", "repro", "-f", "-P").stages.count("sub/dvc.yaml:sub") == 1
    assert dvc_repo.run("dvc", "repro", "-f", cwd="sub").stages == ("sub/dvc.yaml:sub",)
    assert dvc_repo.run("dvc", "repro", "-f", "../dvc.yaml:shout", cwd="sub").stages == ("shout",)


def test_a_copy_is_independent(dvc_repo: Workspace, tmp_path: Path) -> None:
    """What happens in a copy stays there: files, cache, both remotes; DVC finds nothing changed in it."""
    twin = dvc_repo.copy(tmp_path / "twin")
    assert twin.steps == []
    assert twin.run("dvc", "repro").stages == ()
    write_tree(twin.repo, {"in.txt": "three\n"})
    twin.run("dvc", "repro", check=True)
    commit_all(twin, "copy")
    twin.run("git", "push", "-q", "origin", "main", check=True)
    twin.run("dvc", "push", "-q", check=True)
    assert dvc_repo.run("git", "ls-remote", "origin", "main").stdout.split()[0] == head(dvc_repo)
    assert dvc_repo.run("git", "status", "--short").stdout == ""
    assert not list(dvc_repo.storage.iterdir())


def test_a_commit_that_is_there_is_not_fetched(git_repo: Workspace, tmp_path: Path) -> None:
    """Commits are fetched once: one that history holds is there already, even if the submission is gone."""
    source = tmp_path / "source.git"
    git_repo.run("git", "clone", "-q", "--bare", ".", str(git_repo.origin / "other"), check=True)
    (git_repo.origin / "other").rename(source)
    commit = head(git_repo)
    other = Workspace.create(tmp_path / "other", repository=source, commit=commit, branch="main")
    source.rename(tmp_path / "away.git")
    other.take(commit)
    with pytest.raises(HarnessError, match="could not be made"):
        other.take("0" * 40)


def test_a_repository_that_commands_ruined_is_not_our_fault(git_repo: Workspace) -> None:
    """Nothing can be fetched into it any more: a failed check, not an error."""
    git_repo.run("sh", "-c", "echo rubbish > .git/HEAD", check=True)
    with pytest.raises(CheckFailed, match="a Git repository that works after the lab's commands"):
        git_repo.take("0" * 40)


def test_a_teammate_starts_with_nothing_and_pulls(dvc_repo: Workspace, tmp_path: Path) -> None:
    """A teammate has a fresh clone and an empty cache, and pulls the data from the remote."""
    dvc_repo.run("dvc", "push", "-q", check=True)
    mate = dvc_repo.teammate(tmp_path / "mate")
    assert not list(mate.cache.iterdir())
    assert mate.read("loud.txt") is None
    mate.run("dvc", "pull", check=True)
    assert mate.read("loud.txt") == b"one!\ntwo!\n"
    assert not dvc_repo.storage.exists()


def test_experiments_reach_a_teammate(dvc_repo: Workspace, tmp_path: Path) -> None:
    """Experiments pushed to the workspace's Git remote are listed, pulled and applied by a teammate."""
    dvc_repo.run("dvc", "exp", "run", "-n", "loud", "-S", "shout.mark='?'", check=True)
    dvc_repo.run("dvc", "exp", "push", "origin", "loud", check=True)
    mate = dvc_repo.teammate(tmp_path / "mate")
    mate.run("dvc", "exp", "pull", "origin", "loud", check=True)
    mate.run("dvc", "exp", "apply", "loud", check=True)
    assert mate.read("loud.txt") == b"one?\ntwo?\n"


def test_only_the_named_files_are_there(dvc_repo: Workspace, tmp_path: Path) -> None:
    """A copy with only some paths has nothing else, and runs a stage's command."""
    alone = dvc_repo.copy_only(tmp_path / "alone", ("in.txt", ".dvc/config", "missing"))
    assert sorted(path.name for path in alone.repo.iterdir()) == [".dvc", "in.txt"]
    assert alone.run("sh", "-c", "cat in.txt").stdout == "one\ntwo\n"


def test_a_file_may_be_named_beside_its_folder(dvc_repo: Workspace, tmp_path: Path) -> None:
    """In any order: both are there."""
    write_tree(dvc_repo.repo, {"code/a.py": "1", "code/b.py": "2"})
    alone = dvc_repo.copy_only(tmp_path / "alone", ("code/a.py", "code", "./code/"))
    assert (alone.read("code/a.py"), alone.read("code/b.py")) == (b"1", b"2")


def test_objects_are_found_in_the_cache(dvc_repo: Workspace, tmp_path: Path) -> None:
    """An object put into the cache serves `dvc checkout` for a pointer of DVC 3 and for one of DVC 2."""
    data = tmp_path / "data"
    data.write_bytes(b"one\ntwo\n")
    md5 = dvc_repo.md5("in.txt")
    assert md5 is not None
    dvc_repo.put_object(md5, data)
    write_tree(
        dvc_repo.repo,
        {
            "new.dvc": f"outs:\n- md5: {md5}\n  size: 8\n  hash: md5\n  path: new\n",
            "old.dvc": f"outs:\n- md5: {md5}\n  size: 8\n  path: old\n",
        },
    )
    dvc_repo.run("dvc", "checkout", "new.dvc", "old.dvc", check=True)
    assert (dvc_repo.read("new"), dvc_repo.read("old")) == (b"one\ntwo\n", b"one\ntwo\n")


def test_place_replaces_a_file(dvc_repo: Workspace, tmp_path: Path) -> None:
    """Data is put where it is asked for, folders made on the way."""
    data = tmp_path / "data"
    data.write_bytes(b"new")
    dvc_repo.place("in.txt", data)
    dvc_repo.place("a/b/c", data)
    assert (dvc_repo.read("in.txt"), dvc_repo.read("a/b/c")) == (b"new", b"new")


def test_md5_of_a_folder_is_dvcs(dvc_repo: Workspace) -> None:
    """The md5 of a folder is the one that DVC writes into a pointer."""
    write_tree(dvc_repo.repo, {"d/b": "1", "d/a/z": "2", "d/a.x": "3", "d/\u00e9": "4"})
    dvc_repo.run("dvc", "add", "d", check=True)
    pointer = dvc_repo.read("d.dvc")
    md5 = dvc_repo.md5("d")
    assert pointer is not None
    assert md5 is not None
    assert f"md5: {md5}\n" in pointer.decode()


def test_committed_cache_and_lock_files_do_no_harm(dvc_repo: Workspace, tmp_path: Path) -> None:
    """A `.dvc/tmp` and a `.dvc/cache` in Git neither block DVC nor fill the workspace's cache."""
    lock = '{"write": {"/home/me/lab/loud.txt": {"pid": 1, "cmd": "dvc repro"}}}'
    write_tree(dvc_repo.repo, {".dvc/tmp/rwlock": lock, ".dvc/cache/files/md5/aa/bb": "x"})
    dvc_repo.run("git", "add", "-f", ".dvc/tmp/rwlock", ".dvc/cache", check=True)
    commit = commit_all(dvc_repo, "everything")
    bare = bare_clone(dvc_repo, tmp_path / "bare")
    workspace = Workspace.create(tmp_path / "w", repository=bare, commit=commit, branch="main")
    assert workspace.run("dvc", "repro", "-f").ok
    assert not (workspace.cache / "files" / "md5" / "aa" / "bb").exists()


def test_bytecode_is_kept_out_of_git(git_repo: Workspace) -> None:
    """Python may cache its bytecode in the repository; Git does not show it."""
    write_tree(git_repo.repo, {"a.py": "import b\n", "b.py": ""})
    commit_all(git_repo, "scripts")
    git_repo.run("python", "a.py", check=True)
    assert list((git_repo.repo / "__pycache__").iterdir())
    assert git_repo.run("git", "status", "--short").stdout == ""
