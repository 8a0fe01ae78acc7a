"""What cannot be opened: each refusal with its sentence."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HarnessError, Unreadable
from harness.submission import Limits, open_submission

GitIn = Callable[..., str]


def pack(folder: Path, kind: str) -> Path:
    """Pack a folder with its own name as the top of the archive."""
    return Path(shutil.make_archive(str(folder), kind, folder.parent, folder.name))


def left_in(folder: Path) -> list[str]:
    """What lies in a folder that may not be there."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


class TestWhatIsRefused:
    """Each refusal says what was looked for, and leaves nothing behind."""

    @pytest.fixture(autouse=True)
    def nothing_left(self, into: Path) -> object:
        """Nothing is left in the folder that was opened into."""
        yield
        assert left_in(into) == []

    def refuse(self, spec: str | Path, into: Path, saying: str, limits: Limits | None = None) -> None:
        """Open, and expect the sentence."""
        with pytest.raises(Unreadable, match=saying):
            open_submission(str(spec), into, limits)

    def test_missing(self, into: Path, tmp_path: Path) -> None:
        """A path that is not there."""
        self.refuse(
            tmp_path / "nowhere", into, "no such file or folder; looked for a folder with a Git repository"
        )

    def test_empty_folder(self, into: Path, tmp_path: Path) -> None:
        """A folder with nothing in it."""
        (tmp_path / "empty").mkdir()
        self.refuse(tmp_path / "empty", into, "empty is empty: looked for a Git repository")

    def test_no_commits(self, into: Path, tmp_path: Path, git_in: GitIn) -> None:
        """A repository in which nothing was committed."""
        git_in(tmp_path, "init", "--quiet", "lab")
        self.refuse(tmp_path / "lab", into, "lab cannot be graded: the repository has no commits")

    def test_several_branches_and_no_head(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """Where HEAD was never made and several branches could be meant, they are named."""
        git_in(alice, "symbolic-ref", "HEAD", "refs/heads/nope")
        self.refuse(alice, into, r"several branches \(feature/x, main\): name one with @BRANCH")

    def test_unknown_revision(self, alice: Path, into: Path) -> None:
        """A revision that is not there is answered with those that are."""
        self.refuse(
            f"{alice}@mian", into, "no revision 'mian'; branches: feature/x, main; tags: v1; pull requests: 2"
        )

    def test_unknown_commit(self, alice: Path, into: Path) -> None:
        """Digits of no commit."""
        self.refuse(f"{alice}@deadbeef", into, "'deadbeef' names no commit that was handed in")

    def test_tag_of_a_file(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """A tag that names a file, no commit."""
        git_in(alice, "tag", "file", "main:table.csv")
        self.refuse(f"{alice}@file", into, "names no commit")

    def test_neither_archive_nor_bundle(self, into: Path, tmp_path: Path) -> None:
        """A file of another kind, whatever its name says."""
        (tmp_path / "work.zip").write_text("not a zip")
        self.refuse(tmp_path / "work.zip", into, "none of a zip, a tar .* begins with b'not a zi'")

    def test_empty_file(self, into: Path, tmp_path: Path) -> None:
        """A file without a byte."""
        (tmp_path / "work.bundle").touch()
        self.refuse(tmp_path / "work.bundle", into, "it is empty")

    def test_pipe(self, into: Path, tmp_path: Path) -> None:
        """A named pipe is refused without waiting for it."""
        os.mkfifo(tmp_path / "pipe")
        self.refuse(tmp_path / "pipe", into, "neither a folder nor a regular file")

    @pytest.mark.parametrize("kind", ["zip", "gztar"])
    def test_cut_off_archive(self, alice: Path, into: Path, kind: str) -> None:
        """An archive whose second half was lost."""
        archive = pack(alice, kind)
        archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
        self.refuse(archive, into, "cannot be read as a (zip|tar) file")

    def test_compressed_table(self, into: Path, tmp_path: Path) -> None:
        """A gzip file that holds no tar."""
        with tarfile.open(tmp_path / "x.tar", "w"):
            pass
        (tmp_path / "data.csv.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\3garbage")
        self.refuse(tmp_path / "data.csv.gz", into, "cannot be read as a tar file")

    def test_broken_bundle(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """A bundle whose end was lost."""
        git_in(alice, "bundle", "create", "--quiet", "all.bundle", "--all")
        bundle = alice / "all.bundle"
        bundle.write_bytes(bundle.read_bytes()[:-100])
        self.refuse(bundle, into, r"all.bundle cannot be read by Git: .*(fatal|error)")

    def test_incomplete_bundle(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """A bundle that builds on commits it does not hold."""
        git_in(alice, "bundle", "create", "--quiet", "part.bundle", "main~1..main")
        self.refuse(alice / "part.bundle", into, "lacks these prerequisite commits")

    def test_missing_objects(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """A repository from which a file's content was deleted."""
        blob = git_in(alice, "rev-parse", "main:table.csv")
        (alice / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        self.refuse(alice, into, "cannot be read by Git: .*check it by `git fsck`")

    def test_corrupted_object(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """A repository in which a file's content is not what its name says."""
        blob, other = (git_in(alice, "rev-parse", f"{where}:table.csv") for where in ("main", "v1"))
        objects = alice / ".git" / "objects"
        (objects / blob[:2] / blob[2:]).unlink()
        shutil.copy(objects / other[:2] / other[2:], objects / blob[:2] / blob[2:])
        self.refuse(alice, into, "cannot be read by Git")

    def test_shallow_at_the_work(self, alice: Path, into: Path, git_in: GitIn) -> None:
        """A clone without any history cannot be judged, and CI is told its option."""
        git_in(alice.parent, "clone", "--quiet", "--depth=1", f"file://{alice}", "cut")
        self.refuse(alice.parent / "cut", into, "shallow clone .*--unshallow.*fetch-depth: 0")

    def test_unreachable_server(self, into: Path) -> None:
        """A server that does not answer: no prompt, and Git's own reason without the password."""
        with pytest.raises(Unreadable, match="cannot be read by Git: fatal: unable to access") as raised:
            open_submission("https://me:secret@127.0.0.1:1/lab.git@main", into)
        assert "secret" not in str(raised.value)

    def test_archive_bomb(self, into: Path, alice: Path) -> None:
        """An archive that unpacks to more than allowed."""
        (alice / "zeros").write_bytes(bytes(3_000_000))
        limits = Limits(total_bytes=1_000_000)
        self.refuse(pack(alice, "gztar"), into, "unpacks to more than 1,000,000 bytes", limits)

    def test_failure_of_ours(self, alice: Path, tmp_path: Path) -> None:
        """A folder that cannot be opened into is our failure, not the submission's, and is left as it was."""
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "kept").touch()
        with pytest.raises(HarnessError, match="is not empty"):
            open_submission(str(alice), tmp_path / "full")
        assert left_in(tmp_path / "full") == ["kept"]
        with pytest.raises(HarnessError, match=r"opening .*alice failed"):
            open_submission(str(alice), tmp_path / "full" / "kept" / "below")

    def test_given_folder_stays(self, tmp_path: Path, into: Path) -> None:
        """A folder that was there before is there after a refusal, empty."""
        (tmp_path / "empty").mkdir()
        into.mkdir()
        self.refuse(tmp_path / "empty", into, "is empty")
        assert into.is_dir()
