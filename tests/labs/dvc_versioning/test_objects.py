"""Which commits the handed-in caches and remotes can serve."""

from __future__ import annotations

import json
from dataclasses import replace

from fixtures.workspaces import NewWorkspace
from harness.evidence.pipeline import Output, Pipeline
from harness.labs.dvc_versioning.objects import Objects
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    Work,
    lock_file,
    locked,
    md5_of,
    pointer_to,
)

LOCK = lock_file({stage.name: locked(stage) for stage in PLAIN.stages})
REMOTE = "storage"


def objects_of(work: Work, pipeline: Pipeline | None = None) -> Objects:
    """The handed-in objects beside the submission's commits."""
    case = work.case(pipeline)
    return Objects(case, work.dataset(case))


def test_tracked_is_what_dvc_keeps(work: Work) -> None:
    """Pointers and cached outputs count; a metrics file that Git keeps does not."""
    sha = work.commit({"dvc.lock": LOCK, "data.csv.dvc": pointer_to(b"1,2")})
    tracked = objects_of(work, PLAIN).tracked_at(sha)
    assert sorted(tracked) == ["data.csv", "forest.pkl", "test.csv", "train.csv"]
    assert tracked["data.csv"] == md5_of(b"1,2")


def test_outputs_outside_the_repository_are_not_tracked(work: Work) -> None:
    """Nothing outside of what was handed in is looked at."""
    lock = lock_file({"fit": {"outs": [{"path": "../elsewhere.pkl", "md5": md5_of(b"x")}]}})
    sha = work.commit({"dvc.lock": lock})
    outside = Pipeline((replace(FIT, outs=(Output("../elsewhere.pkl"),)),))
    assert objects_of(work, outside).tracked_at(sha) == {}


def test_the_newest_commit_that_can_be_served(work: Work) -> None:
    """HEAD's data was never pushed: the version before it is what a clone can get."""
    first = work.commit({"data.csv.dvc": pointer_to(b"1,2")})
    head = work.commit({"data.csv.dvc": pointer_to(b"3,4")})
    work.hand_in(b"1,2")
    objects = objects_of(work)
    assert objects.commits == (head, first)
    assert objects.lacking(head) == ("data.csv",)
    assert objects.served_commit == first
    work.hand_in(b"3,4")
    assert objects_of(work).served_commit == head


def test_nothing_handed_in_serves_nothing(work: Work) -> None:
    """A plain clone has no cache."""
    work.commit({"data.csv.dvc": pointer_to(b"1,2")})
    objects = objects_of(work)
    assert not objects.handed_in
    assert objects.served_commit is None


def test_an_object_with_other_bytes_does_not_count(work: Work) -> None:
    """A file in the cache must be what its name says."""
    work.commit({"data.csv.dvc": pointer_to(b"1,2")})
    md5 = work.hand_in(b"1,2")
    (work.folder / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).write_bytes(b"poison")
    objects = objects_of(work)
    assert objects.served_commit is None
    assert objects.bytes_of(md5) is None


def test_a_remote_must_hold_what_one_commit_needs(work: Work) -> None:
    """The cache has all, the remote lacks HEAD's data and holds that of the commit before."""
    work.commit({"data.csv.dvc": pointer_to(b"1,2")})
    head = work.commit({"data.csv.dvc": pointer_to(b"3,4")})
    for data in (b"1,2", b"3,4"):
        work.hand_in(data)
    work.hand_in(b"other", REMOTE)
    assert not objects_of(work).remote_serves
    work.hand_in(b"1,2", REMOTE)
    objects = objects_of(work)
    assert objects.remote_lacks(head) == ("data.csv",)
    assert objects.remote_serves


def test_a_folder_is_complete_with_its_files(work: Work, new_workspace: NewWorkspace) -> None:
    """A listing alone is no data; with its files it fills a cache."""
    listing = json.dumps([{"md5": md5_of(b"1"), "relpath": "a"}]).encode()
    md5 = work.hand_in(listing, suffix=".dir")
    sha = work.commit({"raw.dvc": pointer_to(b"", "raw", md5=md5)})
    assert objects_of(work).lacking(sha) == ("raw",)
    work.hand_in(b"1")
    objects, workspace = objects_of(work), new_workspace()
    assert objects.lacking(sha) == ()
    objects.fill_cache(workspace, [md5])
    names = {path.parent.name + path.name for path in workspace.cache.rglob("*") if path.is_file()}
    assert names == {md5, md5_of(b"1")}
    objects.restore(workspace, "raw", md5)
    assert workspace.read("raw/a") == b"1"


def test_the_first_bytes_of_an_object(work: Work) -> None:
    """A large model is looked at by its beginning."""
    md5 = work.hand_in(b"0123456789")
    work.commit({"data.csv.dvc": pointer_to(b"0123456789")})
    objects = objects_of(work)
    assert objects.bytes_of(md5, 4) == b"0123"
    assert objects.bytes_of(None) is None


def test_an_entry_of_a_stage_that_is_gone_is_not_tracked(work: Work) -> None:
    """DVC keeps the lock entry of a renamed or removed stage, and `dvc pull` does not bring its files."""
    gone = {"old_fit": locked(FIT, "long ago"), "plot": {"outs": [{"path": "plot.csv", "md5": md5_of(b"x")}]}}
    entries = {stage.name: locked(stage) for stage in PLAIN.stages}
    sha = work.commit({"dvc.lock": lock_file({**entries, **gone})})
    tracked = objects_of(work, PLAIN).tracked_at(sha)
    assert sorted(tracked) == ["forest.pkl", "test.csv", "train.csv"]
    assert tracked["forest.pkl"] == md5_of(b"forest.pkl")


def test_a_remote_has_a_folder_with_its_files(work: Work) -> None:
    """DVC's listing alone is no data: each file that it names must be in the remote, not in the cache."""
    listing = json.dumps([{"md5": md5_of(b"1"), "relpath": "a"}]).encode()
    for store in (REMOTE, ".dvc/cache"):
        md5 = work.hand_in(listing, store, suffix=".dir")
    work.hand_in(b"1")
    sha = work.commit({"raw.dvc": pointer_to(b"", "raw", md5=md5)})
    objects = objects_of(work)
    assert (objects.remote_lacks(sha), objects.lacking(sha)) == (("raw",), ())
    assert not objects.remote_serves
    work.hand_in(b"1", REMOTE)
    assert objects_of(work).remote_serves
