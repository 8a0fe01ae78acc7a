"""What is made of one edit: stale before needless before unexplained, each with its hint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.evidence.forecast import State
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning.thorough_edits import Edit
from harness.labs.dvc_versioning.thorough_verdict import Seen, failure, judge
from harness.workspace.command import Completed

P = "params.yaml"
A = Stage("a", "a", deps=("raw", "a.py"), params={P: ("n",)}, outs=(Output("a.out"),))
B = Stage("b", "b", deps=("a.out",), outs=(Output("b.out"),))
FILES = {"raw": "1", "a.py": "1", "other": "1", P: "1", "a.out": "1", "b.out": "1"}
READS: Mapping[str, frozenset[str] | None] = {
    "a": frozenset({"raw", "a.py", P}),
    "b": frozenset({"a.out"}),
}
START = State(FILES, {P: {"n": 1, "m": 1}})
DATA = Edit("data", "raw", "one row more")


def done(*stages: str, exit_code: int = 0) -> Completed:
    """A `dvc repro` that started these stages."""
    return Completed(("dvc", "repro"), ".", exit_code, "", "it broke", 1.0, stages=stages)


def seen(ran: Collection[str], files: Mapping[str, str], **other: Any) -> Seen:  # noqa: ANN401  fields of Seen
    """A re-run that the oracle foresaw, after which nothing is stale."""
    after = State({**FILES, **files}, START.params)
    base = Seen(
        Pipeline((A, B)), READS, DATA, done(*ran), frozenset(ran), dict.fromkeys("ab", START), after, after
    )
    return replace(base, **other)


def test_nothing_is_wrong() -> None:
    """What reads the change ran, what follows ran as far as the bytes changed, and the oracle knew it."""
    assert judge(seen([], {})) is None
    assert judge(seen(["a", "b"], {"raw": "2", "a.out": "2", "b.out": "2"})) is None
    assert judge(seen(["a"], {"raw": "2"})) is None


def test_an_undeclared_file() -> None:
    """The first stage with a stale output is told what it reads."""
    reads = {**READS, "a": frozenset({"raw", "other"})}
    stale = seen([], {"other": "2"}, reads=reads, fresh=State({**FILES, "a.out": "2", "b.out": "2"}, {}))
    fault = judge(stale)
    assert fault is not None
    assert fault.expected == "a runs after this, since it reads other"
    assert fault.found == (
        "a.out is not what a run of everything (`dvc repro -f`) makes, because a did not run"
    )
    assert fault.hint == "List other under the `deps` of `a` in dvc.yaml."


def test_an_undeclared_parameter() -> None:
    """A params file that is declared in part lacks the key that changed."""
    after = State({**FILES, P: "2"}, {P: {"n": 1, "m": 2}})
    fault = judge(replace(seen([], {}), after=after, fresh=after.plus([("a.out", "2")])))
    assert fault is not None
    assert fault.hint == "List m under the `params` of `a` in dvc.yaml."


def test_only_what_moved_and_is_not_declared_is_named() -> None:
    """A file that stayed, a dep, or an output of the stage's own is not what it forgot to declare."""
    reads = {**READS, "a": frozenset({"a.out", "a.py", "forgotten", "raw", "still"})}
    files = {"raw": "2", "forgotten": "2", "a.out": "2"}
    stale = seen([], files, reads=reads, fresh=State({**FILES, "a.out": "3"}, {}))
    fault = judge(stale)
    assert fault is not None
    assert fault.hint == "List forgotten under the `deps` of `a` in dvc.yaml."


def test_a_declared_key_is_not_named() -> None:
    """Of two keys that changed, the one that the stage does not declare is told."""
    after = State({**FILES, P: "2"}, {P: {"n": 2, "m": 2}})
    fault = judge(replace(seen([], {}), after=after, fresh=after.plus([("a.out", "2")])))
    assert fault is not None
    assert fault.expected == "a runs after this, since it reads m"


def test_a_deletion_of_something_else_excuses_nothing() -> None:
    """Only the stage whose own output was deleted had to run; an edit of an output is no deletion."""
    made = seen(["a"], {"other": "2"}, pipeline=Pipeline((replace(A, deps=("other",)), B)))
    assert judge(replace(made, edit=Edit("deletion", "b.out", "delete b.out"))) is not None
    assert judge(replace(made, edit=Edit("data", "a.out", "one row more"))) is not None


@pytest.mark.parametrize("reads", [None, frozenset({"raw"})])
def test_stale_for_an_unknown_reason(reads: frozenset[str] | None) -> None:
    """Where nobody saw what it reads, the hint is to declare all of it; a stage that ran was too early."""
    fault = judge(seen(["a"], {}, reads={"a": reads}, fresh=State({**FILES, "a.out": "2"}, {})))
    assert fault is not None
    assert fault.expected == "a runs after this"
    assert fault.found.endswith("because a ran too early")
    assert fault.hint.startswith("Declare under `deps` and `params` of `a` in dvc.yaml")


def test_a_params_file_as_a_dep_runs_needlessly() -> None:
    """Another key changed, the stage ran and made the same again."""
    wide = replace(A, deps=(*A.deps, P))
    after = State({**FILES, P: "2"}, {P: {"n": 1, "m": 2}})
    made = replace(seen(["a"], {}), pipeline=Pipeline((wide, B)), after=after, fresh=after)
    fault = judge(made)
    assert fault is not None
    assert fault.expected == "a stays as it is: it reads nothing that changed in params.yaml"
    assert fault.found == (
        "a ran again, because its `deps` list params.yaml; what it made is byte for byte the same"
    )
    assert fault.hint.endswith("from the `deps` of `a` in dvc.yaml: its keys belong under `params`.")
    own = State({**FILES, P: "2"}, {P: {"n": 2, "m": 1}})
    assert judge(replace(made, after=own, fresh=own)) is None, "its own key changed"
    other = after.plus([("a.out", "2")])
    assert judge(replace(made, after=other, fresh=other)) is None, "it made something else"


def test_a_dep_that_is_not_read_runs_needlessly() -> None:
    """Unless what it reads is unknown, or a deleted output had to come back."""
    wide = Pipeline((replace(A, deps=("other",)), B))
    made = seen(["a"], {"other": "2"}, pipeline=wide)
    fault = judge(made)
    assert fault is not None
    assert fault.hint == "Remove `- other` from the `deps` of `a` in dvc.yaml: it does not read that."
    assert judge(replace(made, reads={})) is None
    assert judge(replace(made, edit=Edit("deletion", "a.out", "delete a.out"))) is None
    assert judge(replace(made, reworded=frozenset({"a"}))) is None


def test_what_the_oracle_did_not_foresee() -> None:
    """The last thing that is told: nothing is stale or needless, and yet DVC did otherwise."""
    fault = judge(seen(["b"], {}, foreseen=frozenset()))
    assert fault is not None
    assert (fault.expected, fault.found) == ("by what dvc.yaml declares, nothing runs", "b ran")
    assert fault.hint == (
        "`dvc repro -v` says why each stage runs; does a stage write into files that it or others read?"
    )


def test_a_pipeline_that_fails() -> None:
    """After a comment it must not; after a new value it may."""
    fault = failure(Edit("comment", "a.py", "a comment"), done(exit_code=1))
    assert fault is not None
    assert (fault.expected, fault.found) == ("`dvc repro` succeeds", "it broke")
    assert fault.hint == "Type the same and read the whole message."
    assert failure(Edit("parameter", P, "a value"), done(exit_code=1)) is None
