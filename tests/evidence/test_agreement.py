"""A lock agrees with its commit, or each thing that is otherwise is named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import pytest

from harness.evidence.agreement import Disagreement, disagreements
from harness.evidence.lock import Lock, LockedFile, LockedStage
from harness.evidence.pipeline import Output, Pipeline, Stage

P = "params.yaml"
CODE = b"import pandas\nprint()\n"
PARAMS = b"t:\n  n: 100\n  f: 0.5\n"
SHORT = b"print(1)\n"
SCORES = b'{"acc": 1.0}\n'


def md5(data: bytes) -> str:
    """The MD5 of some bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Commit:
    """The files of a commit, held in memory."""

    contents: dict[str, bytes] = field(
        default_factory=lambda: {"p.py": CODE, "t.py": CODE, P: PARAMS, "s.json": SCORES}
    )

    def md5_forms(self, path: str) -> frozenset[str]:
        """The MD5s of a file as it is, with LF and with CRLF."""
        if path not in self.contents:
            return frozenset()
        lf = self.contents[path].replace(b"\r\n", b"\n")
        return frozenset(map(md5, (self.contents[path], lf, lf.replace(b"\n", b"\r\n"))))

    def read(self, path: str) -> bytes | None:
        """A file's bytes."""
        return self.contents.get(path)

    def but(self, path: str, data: bytes) -> Commit:
        """The same commit with another file."""
        return Commit(self.contents | {path: data})


PREPARE = Stage("p", "p", cmd=("python p.py",), deps=("raw.csv", "p.py"), outs=(Output("train.csv"),))
TRAIN = Stage(
    "t",
    "t",
    cmd=("python t.py",),
    deps=("train.csv", "t.py"),
    params={P: ("t.n",)},
    outs=(Output("m.pkl"), Output("s.json", cached=False, kind="metric")),
)
PIPELINE = Pipeline((PREPARE, TRAIN))
LOCKED_PREPARE = LockedStage(
    "p",
    ("python p.py",),
    (LockedFile("raw.csv", md5(b"raw")), LockedFile("p.py", md5(CODE))),
    {},
    (LockedFile("train.csv", md5(b"train")),),
)
LOCKED_TRAIN = LockedStage(
    "t",
    ("python t.py",),
    (LockedFile("train.csv", md5(b"train")), LockedFile("t.py", md5(CODE))),
    {P: {"t.n": 100}},
    (LockedFile("m.pkl", md5(b"model")), LockedFile("s.json", md5(SCORES))),
)


def compared(
    pipeline: Pipeline = PIPELINE,
    prepare: LockedStage = LOCKED_PREPARE,
    train: LockedStage = LOCKED_TRAIN,
    commit: Commit | None = None,
    pointers: dict[str, str] | None = None,
) -> tuple[Disagreement, ...]:
    """The disagreements, with what agrees for whatever is not given."""
    lock = Lock("dvc.lock", "2.0", {"p": prepare, "t": train})
    return disagreements(pipeline, [lock], commit or Commit(), pointers or {"raw.csv": md5(b"raw")})


def whats(found: tuple[Disagreement, ...]) -> list[tuple[str, str]]:
    """The stage and the thing of each disagreement."""
    return [(one.stage, one.what) for one in found]


def test_agreement() -> None:
    """A lock that was made in this very state agrees."""
    assert compared() == ()


@pytest.mark.parametrize("committed", [CODE, CODE.replace(b"\n", b"\r\n")])
@pytest.mark.parametrize("hashed", [CODE, CODE.replace(b"\n", b"\r\n")])
def test_line_ends(committed: bytes, hashed: bytes) -> None:
    """Text may be committed and hashed with different line ends."""
    deps = (LOCKED_TRAIN.deps[0], LockedFile("t.py", md5(hashed)))
    assert compared(train=replace(LOCKED_TRAIN, deps=deps), commit=Commit().but("t.py", committed)) == ()


def test_changed_script() -> None:
    """A script changed after the last run disagrees, and both hashes are told."""
    found = compared(commit=Commit().but("t.py", SHORT))
    assert whats(found) == [("t", "the dep t.py")]
    assert md5(CODE) in found[0].text
    assert found[0].found == f"{min(Commit({'t.py': SHORT}).md5_forms('t.py'))} (the file)"


def test_changed_command() -> None:
    """Another command disagrees, and so does one of several."""
    train = replace(LOCKED_TRAIN, cmd=("python3 t.py",))
    assert compared(train=train)[0].text == (
        "t: the command is python3 t.py in dvc.lock, but python t.py in the commit"
    )
    several = Pipeline((PREPARE, replace(TRAIN, cmd=("a", "b"))))
    assert compared(several, train=replace(LOCKED_TRAIN, cmd=("a", "c"))) == (
        Disagreement("t", "the command", "a; c", "a; b"),
    )


def test_missing_stage() -> None:
    """A stage without an entry disagrees, and so does every stage without any lock."""
    lock = Lock("dvc.lock", "2.0", {"p": LOCKED_PREPARE})
    missing = Disagreement("t", "the stage", "nothing", "declared in dvc.yaml")
    assert disagreements(PIPELINE, [lock], Commit(), {}) == (missing,)
    assert disagreements(PIPELINE, [], Commit(), {}) == (replace(missing, stage="p"), missing)
    assert whats(disagreements(PIPELINE, [replace(lock, stages={"t": LOCKED_TRAIN})], Commit(), {})) == [
        ("p", "the stage")
    ]


def test_lock_beside_each_file() -> None:
    """A stage of a dvc.yaml in a folder is looked for in that folder's lock."""
    pipeline = Pipeline((replace(PREPARE, file="sub/dvc.yaml"),))
    lock = Lock("sub/dvc.lock", "2.0", {"p": LOCKED_PREPARE})
    assert disagreements(pipeline, [lock], Commit(), {}) == ()
    assert whats(disagreements(pipeline, [replace(lock, file="dvc.lock")], Commit(), {})) == [
        ("p", "the stage")
    ]


def test_other_data_version() -> None:
    """A dep whose pointer has another md5 disagrees; raw data with no pointer and not in Git does not."""
    found = compared(pointers={"raw.csv": md5(b"newer")})
    assert whats(found) == [("p", "the dep raw.csv")]
    assert found[0].found == f"{md5(b'newer')} (the pointer)"
    assert compared(pointers={"other.csv": "0" * 32}) == ()


def test_output_and_dep_of_it() -> None:
    """A dep that was not what the stage before it made disagrees."""
    prepare = replace(LOCKED_PREPARE, outs=(LockedFile("train.csv", md5(b"other")),))
    made = f"{md5(b'other')} (the output of the stage before it)"
    assert compared(prepare=prepare) == (Disagreement("t", "the dep train.csv", md5(b"train"), made),)


@pytest.mark.parametrize(
    ("params", "now"), [(b"t: {n: 50}\n", "50"), (b"t: {f: 1}\n", "nothing"), (b"", "nothing")]
)
def test_changed_parameter(params: bytes, now: str) -> None:
    """A parameter with another value, or without one, disagrees."""
    found = compared(commit=Commit().but(P, params))
    assert found == (Disagreement("t", f"the parameter t.n of {P}", "100", now),)


def test_unrecorded_parameter() -> None:
    """A declared parameter that the lock lacks disagrees; one that only the lock has does not."""
    pipeline = Pipeline((PREPARE, replace(TRAIN, params={P: ("t.f",)})))
    assert compared(pipeline) == (Disagreement("t", f"the parameter t.f of {P}", "nothing", "0.5"),)
    assert compared(train=replace(LOCKED_TRAIN, params={})) == (
        Disagreement("t", f"the parameter t.n of {P}", "nothing", "100"),
    )


def test_sections_and_whole_files() -> None:
    """A declared section, and a whole file, compare by value."""
    section = replace(LOCKED_TRAIN, params={P: {"t": {"n": 100, "f": 0.5}}})
    for keys in (("t",), ()):
        assert compared(Pipeline((PREPARE, replace(TRAIN, params={P: keys}))), train=section) == ()
    more = Commit().but(P, PARAMS + b"extra: 1\n")
    pipeline = Pipeline((PREPARE, replace(TRAIN, params={P: ()})))
    assert whats(compared(pipeline, train=section, commit=more)) == [("t", f"the parameter extra of {P}")]


def test_unreadable_params() -> None:
    """A params file that cannot be read disagrees; one that is missing has no values."""
    assert compared(commit=Commit().but(P, b"[1]")) == (
        Disagreement("t", f"the params file {P}", "recorded", "parameters should be a mapping, found list"),
    )
    missing = Commit({"p.py": CODE, "t.py": CODE, "s.json": SCORES})
    assert compared(commit=missing) == (Disagreement("t", f"the parameter t.n of {P}", "100", "nothing"),)


def test_params_that_dvc_tracks() -> None:
    """A params file that lies in DVC's cache, not in Git, cannot disagree."""
    commit = Commit({"p.py": CODE, "t.py": CODE, "s.json": SCORES})
    assert compared(commit=commit, pointers={"raw.csv": md5(b"raw"), P: md5(PARAMS)}) == ()


def test_params_that_a_stage_makes() -> None:
    """Parameters that a stage makes, and that are not in Git, cannot disagree."""
    pipeline = Pipeline((replace(PREPARE, outs=(*PREPARE.outs, Output(P))), TRAIN))
    prepare = replace(LOCKED_PREPARE, outs=(*LOCKED_PREPARE.outs, LockedFile(P, md5(PARAMS))))
    commit = Commit({"p.py": CODE, "t.py": CODE, "s.json": SCORES})
    assert compared(pipeline, prepare=prepare, commit=commit) == ()


def test_edited_metrics() -> None:
    """A metrics file in Git that was edited by hand disagrees."""
    commit = Commit().but("s.json", b"{}\n")
    edited = f"{min(commit.md5_forms('s.json'))} (the file)"
    assert compared(commit=commit) == (Disagreement("t", "the output s.json", md5(SCORES), edited),)


def test_unrecorded_files() -> None:
    """Deps and outputs that are declared but not recorded disagree."""
    prepare = replace(LOCKED_PREPARE, deps=(), outs=(LockedFile("train.csv", None),))
    assert compared(prepare=prepare) == (
        Disagreement("p", "the dep raw.csv", "nothing", "declared"),
        Disagreement("p", "the dep p.py", "nothing", "declared"),
        Disagreement("p", "the output train.csv", "nothing", "declared"),
    )


def test_forgotten_stages() -> None:
    """A stage that only the lock has is no disagreement."""
    lock = Lock("dvc.lock", "2.0", {"p": LOCKED_PREPARE, "t": LOCKED_TRAIN, "old": LOCKED_TRAIN})
    assert disagreements(PIPELINE, [lock], Commit(), {"raw.csv": md5(b"raw")}) == ()
