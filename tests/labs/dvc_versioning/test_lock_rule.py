"""Whether a lock agrees with what is committed beside it, at HEAD or before."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.labs.dvc_versioning.lock_rule import agreement, find_agreeing_commit
from tests.labs.dvc_versioning.conftest import PLAIN, Work, lock_file, md5_of, pointer_to

RAW = b"1,2\n"
FILES = {
    "split.py": b"split\n",
    "fit.py": b"fit\n",
    "score.py": b"score\n",
    "params.yaml": b"split: {share: 0.2}\nfit: {trees: 100, depth: 3}\n",
    "scores.json": b'{"accuracy": 1}\n',
    "data/raw/data.csv.dvc": pointer_to(RAW),
}
VALUES = {"split.share": 0.2, "fit.trees": 100, "fit.depth": 3}


def lock_of(files: Mapping[str, bytes] = FILES, raw: bytes = RAW) -> bytes:
    """The lock that `dvc repro` would write for these files."""
    md5s = {path: md5_of(path.encode()) for stage in PLAIN.stages for path in stage.out_paths}
    md5s |= {path: md5_of(data) for path, data in files.items()} | {"data/raw/data.csv": md5_of(raw)}
    return lock_file(
        {
            stage.name: {
                "cmd": stage.cmd[0],
                "deps": [{"path": path, "md5": md5s[path]} for path in stage.deps],
                "params": {file: {key: VALUES[key] for key in keys} for file, keys in stage.params.items()},
                "outs": [{"path": path, "md5": md5s[path]} for path in stage.out_paths],
            }
            for stage in PLAIN.stages
        }
    )


def told(work: Work) -> list[str]:
    """The disagreements at HEAD."""
    case = work.case(PLAIN)
    return [one.text for one in agreement(case, case.commit)]


def test_a_lock_of_what_is_committed_agrees(work: Work) -> None:
    """Code, parameters, pointer and the metrics in Git."""
    work.commit({**FILES, "dvc.lock": lock_of()})
    assert told(work) == []


def test_crlf_code_agrees(work: Work) -> None:
    """A Windows machine hashed the text with its own line ends."""
    crlf = {path: data.replace(b"\n", b"\r\n") for path, data in FILES.items()}
    work.commit({**FILES, "dvc.lock": lock_of(crlf)})
    assert told(work) == []


def test_raw_data_without_a_pointer_agrees(work: Work) -> None:
    """The handout lets the pointer go."""
    work.commit({**FILES, "dvc.lock": lock_of()})
    work.commit({"data/raw/data.csv.dvc": None})
    assert told(work) == []


@pytest.mark.parametrize(
    ("path", "data", "named"),
    [
        ("fit.py", b"edited\n", "the dep fit.py"),
        ("params.yaml", FILES["params.yaml"].replace(b"100", b"50"), "the parameter fit.trees"),
        ("data/raw/data.csv.dvc", pointer_to(b"3,4\n"), "the dep data/raw/data.csv"),
        ("scores.json", b'{"accuracy": 0.5}\n', "the output scores.json"),
    ],
)
def test_what_was_changed_afterwards_disagrees(work: Work, path: str, data: bytes, named: str) -> None:
    """A change without another run is told by its name."""
    work.commit({**FILES, "dvc.lock": lock_of()})
    work.commit({path: data})
    assert any(named in text for text in told(work))


def test_a_stage_that_is_not_in_the_lock_disagrees(work: Work) -> None:
    """A lock of some stages says nothing of the others."""
    work.commit({**FILES, "dvc.lock": lock_file({})})
    assert len(told(work)) == 3


def test_the_newest_earlier_commit_that_agrees_is_found(work: Work) -> None:
    """HEAD is stale; of the commits before it the newest one that agrees is named."""
    work.commit({**FILES, "dvc.lock": lock_of()}, PLAIN)
    newest = work.commit({"notes.txt": b"read"}, PLAIN)
    work.commit({"fit.py": b"edited\n"}, PLAIN)
    work.commit({"fit.py": b"edited again\n"}, PLAIN)
    work.commit({"dvc.yaml": b"stages: {}\n"})
    assert find_agreeing_commit(work.case(PLAIN)) == newest


def test_head_itself_is_not_an_earlier_commit(work: Work) -> None:
    """With nothing before it there is nothing to find."""
    work.commit({**FILES, "dvc.lock": lock_of()})
    assert find_agreeing_commit(work.case(PLAIN)) is None
