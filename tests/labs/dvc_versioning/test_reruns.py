"""Which stages a change should run again, by the data really read: in small cases, and in any graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning.reproduction import Snapshot
from harness.labs.dvc_versioning.reruns import Judgement, entries, judge, started_in
from tests.labs.dvc_versioning.conftest import FIT, PLAIN, READS, SCORE, pipeline_with, rerun, state

UNKNOWN: Mapping[str, frozenset[str] | None] = {}


def reads(**more: frozenset[str] | None) -> dict[str, frozenset[str] | None]:
    """What the plain stages read, with some of them reading otherwise."""
    return {**READS, **more}


def test_a_right_rerun() -> None:
    """The changed stage and what reads its output run, the one before them stays."""
    found = judge(rerun(PLAIN, "fit", "score"), PLAIN, ("fit",), READS)
    assert found == Judgement(
        ("fit",), ("score",), ("split",), frozenset({"fit", "score"}), frozenset({"split"})
    )
    assert found.idle == found.needless == ()


BLIND = pipeline_with(replace(SCORE, deps=("score.py", "test.csv")))


@pytest.mark.parametrize("moved", [["fit"], ["fit", "score"]])
def test_a_stage_that_dvc_had_no_reason_to_start_did_not_run(moved: list[str]) -> None:
    """Training may tell that the evaluation ran, and write its outputs: it declares nothing that changed."""
    found = judge(rerun(BLIND, "fit", "score", moved=moved), BLIND, ("fit",), READS)
    assert found.idle == ("score",)


def test_an_edited_file_is_a_reason_for_whoever_declares_it() -> None:
    """The stage whose script was edited is believed, another is not; without a known change all are."""
    edited = replace(rerun(PLAIN, "split", "score", param=None, moved=[]), path="score.py")
    assert started_in(edited, PLAIN) == {"score"}
    assert started_in(replace(edited, path=None), PLAIN) == {"split", "score"}


def test_another_input_is_a_reason() -> None:
    """What another stage makes has other bytes: that a stage which declares it ran is believed."""
    other = replace(rerun(PLAIN, "score", param=None, moved=["fit"]), path="elsewhere.txt")
    assert started_in(other, PLAIN) == {"score"}


def test_a_stage_that_runs_without_need_is_named() -> None:
    """A stage before the change that ran did wrong, whatever made it run."""
    found = judge(rerun(PLAIN, "split", "fit", "score", moved=["fit", "score"]), PLAIN, ("fit",), READS)
    assert (found.others, found.needless, found.unmoved) == (("split",), ("split",), frozenset())


def test_a_stage_with_another_lock_entry_did_not_stay() -> None:
    """What the run cache brought back changed the lock without running anything."""
    found = judge(rerun(PLAIN, "fit", "score", moved=["split", "fit", "score"]), PLAIN, ("fit",), READS)
    assert found.needless == ("split",)


def test_an_undeclared_reader_is_downstream() -> None:
    """The declared graph lets score stay, the data that it reads does not: the declared graph is wrong."""
    blind = replace(SCORE, deps=("score.py", "test.csv"))
    pipeline = pipeline_with(blind)
    found = judge(rerun(pipeline, "fit"), pipeline, ("fit",), READS)
    assert (found.downstream, found.idle) == (("score",), ("score",))
    declared = judge(rerun(pipeline, "fit"), pipeline, ("fit",), UNKNOWN)
    assert (declared.downstream, declared.idle) == ((), ())


def test_a_reader_of_a_reader_is_downstream() -> None:
    """What was read is followed through stages that declare nothing of it."""
    chain = tuple(Stage(name, name, cmd=("true",), deps=(), outs=(Output(f"{name}.txt"),)) for name in "abcd")
    really = {
        "b": frozenset({"a.txt"}),
        "c": frozenset({"b.txt"}),
        "a": frozenset[str](),
        "d": frozenset[str](),
    }
    found = judge(rerun(Pipeline(chain), "a"), Pipeline(chain), ("a",), really)
    assert (found.downstream, found.others) == (("b", "c"), ("d",))


def test_a_declared_file_that_is_never_read_puts_its_stage_in_no_group() -> None:
    """DVC runs such a stage rightly, by what it declares, and nobody can say that it should stay."""
    wide = replace(SCORE, deps=("score.py", "forest.pkl", "test.csv"))
    pipeline = pipeline_with(wide)
    found = judge(rerun(pipeline, "fit", "score"), pipeline, ("fit",), reads(score=frozenset({"test.csv"})))
    assert (found.downstream, found.others) == ((), ("split",))


def test_a_stage_whose_inputs_came_out_the_same_may_rest() -> None:
    """Where training gave the same bytes, DVC rightly leaves the evaluation alone."""
    found = judge(rerun(PLAIN, "fit", moved=[]), PLAIN, ("fit",), READS)
    assert found.idle == ()
    assert "score" in found.ran


def test_a_changed_stage_may_never_rest() -> None:
    """Its own parameter is another: unlike those that follow it, it has a reason to run."""
    found = judge(rerun(PLAIN, moved=[]), PLAIN, ("fit",), READS)
    assert "fit" in found.idle


def test_a_stage_that_reads_its_own_output_does_not_follow_itself() -> None:
    """A file that a stage writes and reads back makes no loop."""
    found = judge(
        rerun(PLAIN, "fit", "score"),
        PLAIN,
        ("fit",),
        reads(split=frozenset({"data/raw/data.csv", "train.csv"})),
    )
    assert found.others == ("split",)


def test_a_folder_is_followed_by_what_lies_in_it() -> None:
    """A stage that declares a folder is joined to one that reads a file of it."""
    pipeline = pipeline_with(replace(FIT, outs=(Output("models"),)))
    found = judge(
        rerun(pipeline, "fit", "score"), pipeline, ("fit",), reads(score=frozenset({"models/forest.pkl"}))
    )
    assert found.downstream == ("score",)


@pytest.mark.parametrize(("file", "name"), [("dvc.yaml", "fit"), ("lab/dvc.yaml", "fit")])
def test_a_stage_is_found_in_the_lock_beside_its_file(file: str, name: str) -> None:
    """Each dvc.yaml has a lock of its own."""
    stage = replace(FIT, file=file)
    entry = entries(state(Pipeline((stage,))), [stage])[stage.address]
    assert entry is not None
    assert entry.name == name
    assert entries(Snapshot({}, {}, {}), [stage]) == {stage.address: None}


NAMES = "abcdef"
FILES = st.frozensets(st.sampled_from([f"{name}.txt" for name in NAMES]), max_size=4)


@st.composite
def graphs(
    draw: st.DrawFn,
) -> tuple[Pipeline, dict[str, frozenset[str] | None], tuple[str, ...], list[str]]:
    """Any stages, what they declare and what they read, those changed and those that ran."""
    stages = tuple(
        Stage(name, name, cmd=("true",), deps=tuple(sorted(draw(FILES))), outs=(Output(f"{name}.txt"),))
        for name in NAMES[: draw(st.integers(1, 6))]
    )
    names = [stage.name for stage in stages]
    seen = {name: draw(st.none() | FILES) for name in names}
    changed = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    return Pipeline(stages), seen, tuple(changed), draw(st.lists(st.sampled_from(names), unique=True))


@given(graphs(), st.data())
def test_a_stage_is_in_one_group(
    graph: tuple[Pipeline, dict[str, frozenset[str] | None], tuple[str, ...], list[str]], data: st.DataObject
) -> None:
    """No stage is both to run and to stay, and every reader of what changed is to run."""
    pipeline, seen, changed, started = graph
    moved = data.draw(st.lists(st.sampled_from(pipeline.addresses), unique=True))
    found = judge(rerun(pipeline, *started, moved=moved), pipeline, changed, seen)
    groups = [*found.changed, *found.downstream, *found.others]
    assert len(groups) == len(set(groups))
    assert set(found.changed) == set(changed)
    assert set(found.unmoved) <= set(found.others)
    assert set(found.needless) == set(found.others) - found.unmoved
    must = {*found.changed, *found.downstream}
    made = {f"{address}.txt" for address in must}
    for stage in pipeline.stages:
        inputs = seen[stage.address]
        if frozenset(stage.deps if inputs is None else inputs) & made - {f"{stage.address}.txt"}:
            assert stage.address in must


@given(graphs())
def test_what_started_has_run_and_did_not_stay(
    graph: tuple[Pipeline, dict[str, frozenset[str] | None], tuple[str, ...], list[str]],
) -> None:
    """A stage that was started is never said to be idle, and one that is told of never to have stayed."""
    pipeline, seen, changed, told = graph
    done = rerun(pipeline, *told)
    found = judge(done, pipeline, changed, seen)
    assert started_in(done, pipeline) <= found.ran
    assert not started_in(done, pipeline) & set(found.idle)
    assert not set(told) & set(found.unmoved)
    assert set(found.idle) <= {*found.changed, *found.downstream}
