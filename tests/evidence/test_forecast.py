"""The forecast of what DVC does: pure cases; `tests/oracle` holds it against DVC itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.evidence.forecast import Foresight, Record, State, turns, within
from harness.evidence.pipeline import Output, Pipeline, Stage

P = "params.yaml"
A = Stage("a", "a", cmd=("run a",), deps=("raw",), params={P: ("n",)}, outs=(Output("a.out"),))
B = Stage("b", "b", cmd=("run b",), deps=("a.out",), outs=(Output("b", cached=False, kind="metric"),))
BOTH = Pipeline((A, B))
START = State({"raw/1": "one", "raw/2": "two"}, {P: {"n": 1, "m": {"k": 1}}})


def made(stage: Stage, state: State) -> Mapping[str, str]:
    """What the two stages make: the first of its data alone, whatever the parameter."""
    if stage.address == "a":
        return {"a.out": "+".join(sorted(digest for _, digest in state.at("raw")))}
    return {"b": f"b of {sorted(state.at('a.out'))}"}


def begun(pipeline: Pipeline = BOTH) -> tuple[Foresight, State]:
    """The books after a first run, and the state that it left."""
    foresight = Foresight(made)
    return foresight, foresight.repro(pipeline, START).state


def test_a_first_run_runs_everything_and_a_second_nothing() -> None:
    """Without a record each stage runs, with one that agrees none does."""
    foresight = Foresight(made)
    first = foresight.repro(BOTH, START)
    assert first.deeds == {"a": "ran", "b": "ran"}
    assert first.ran == ("a", "b")
    assert first.state.files["a.out"] == "one+two"
    second = foresight.repro(BOTH, first.state)
    assert second.deeds == {"a": "skipped", "b": "skipped"}
    assert second.state == first.state


def test_a_changed_input_runs_what_follows_only_if_the_bytes_change() -> None:
    """A new parameter re-runs the first stage, which makes the same; new data re-runs both."""
    foresight, state = begun()
    assert foresight.repro(BOTH, State(state.files, {P: {"n": 2}})).ran == ("a",)
    assert foresight.repro(BOTH, state.plus([("raw/3", "three")])).ran == ("a", "b")


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (A, None),
        (replace(A, cmd=("run a twice",)), "its command changed"),
        (replace(A, deps=("raw", P)), None),
        (replace(A, deps=("raw/1",)), "raw/1 changed"),
        (replace(A, params={P: ("m",)}), "m of params.yaml changed"),
        (replace(A, params={P: ()}), "a value of params.yaml changed"),
        (replace(A, params={}), None),
        (replace(A, params={P: ("gone",)}), "gone of params.yaml changed"),
        (replace(A, always_changed=True), "it always runs"),
        (replace(A, always_changed=True, frozen=True), None),
        (replace(A, outs=(Output("other"),)), "other is not as it was made"),
        (replace(A, address="new"), "it never ran"),
    ],
)
def test_why_a_stage_is_seen_as_changed(stage: Stage, why: str | None) -> None:
    """The record is held against the stage as it is declared now; what is declared no more does not count."""
    foresight, state = begun()
    if stage.deps == ("raw", P):
        why = "params.yaml changed"
        state = state.plus([(P, "text")])
    assert foresight.why(stage, state) == why


def test_an_output_that_is_gone_is_restored() -> None:
    """The lock names what to check out, metrics outside the cache included, with and without run cache."""
    for run_cache in (True, False):
        foresight, state = begun()
        after = foresight.repro(BOTH, state.without(["a.out", "b"]), run_cache=run_cache)
        assert after.deeds == {"a": "restored", "b": "restored"}
        assert after.state.files == state.files


def test_an_output_that_the_cache_lost_is_made_again() -> None:
    """Without the object DVC runs the command, even though the file is still there."""
    foresight, state = begun()
    foresight.lose("a", "a.out")
    assert foresight.why(A, state) == "a.out is not in the cache"
    assert foresight.repro(BOTH, state).deeds == {"a": "ran", "b": "skipped"}


def test_a_folder_is_lost_with_its_list() -> None:
    """The cache knows a folder by the list of its files; the files themselves stay."""
    folder = replace(A, outs=(Output("d"),))
    foresight = Foresight(lambda _stage, _state: {"d/x": "same", "d/y": "other"})
    state = foresight.repro(Pipeline((folder,)), START).state
    foresight.lose("a", "d")
    assert foresight.repro(Pipeline((folder,)), state).ran == ("a",)


def test_an_edit_undone_is_restored_from_the_run_cache() -> None:
    """A run with inputs that were seen before is not repeated, unless the run cache is left out."""
    for run_cache, deed in ((True, "restored"), (False, "ran")):
        foresight, state = begun()
        other = foresight.repro(BOTH, state.plus([("raw/1", "1")])).state
        undone = other.plus([("raw/1", "one")])
        back = foresight.repro(BOTH, undone, **({} if run_cache else {"run_cache": False}))
        assert back.deeds == {"a": deed, "b": deed}
        assert back.state.files == state.files


@pytest.mark.parametrize(
    "kept_out",
    [
        replace(A, persist=("a.out",)),
        replace(A, always_changed=True),
        replace(A, outs=(Output("a.out", cached=False),)),
        replace(A, deps=(), params={}),
    ],
)
def test_stages_that_are_not_in_the_run_cache(kept_out: Stage) -> None:
    """Persisted, always changed, plainly uncached, or without inputs: never restored from it."""
    pipeline = Pipeline((kept_out,))
    foresight, state = begun(pipeline)
    gone = state.without(["a.out"])
    assert foresight.repro(pipeline, gone).ran == ("a",)


def test_the_last_of_several_results_is_restored() -> None:
    """A stage that made something else of the same inputs is restored as it was made last."""
    numbers = iter("12345")
    pipeline = Pipeline((A,))
    foresight = Foresight(lambda _stage, _state: {"a.out": next(numbers)})
    state = foresight.repro(pipeline, START).state
    foresight.lose("a", "a.out")
    state = foresight.repro(pipeline, state).state
    other = foresight.repro(pipeline, state.plus([("raw/1", "1")])).state
    back = foresight.repro(pipeline, other.plus([("raw/1", "one")]))
    assert (back.deeds, back.state.files["a.out"]) == ({"a": "restored"}, "2")


def test_a_cache_of_one_object_is_enough() -> None:
    """A pipeline whose only output is all that the cache has."""
    pipeline = Pipeline((A,))
    foresight, state = begun(pipeline)
    assert foresight.repro(pipeline, state).deeds == {"a": "skipped"}
    assert foresight.repro(pipeline, state.without(["a.out"])).deeds == {"a": "restored"}


def test_another_command_is_run() -> None:
    """Its record's outputs are those of the command before it."""
    foresight, state = begun()
    changed = Pipeline((replace(A, cmd=("run a otherwise",)), B))
    assert foresight.repro(changed, state).deeds == {"a": "ran", "b": "skipped"}


@pytest.mark.parametrize(("persist", "seen"), [((), "new"), (("a.out",), "one more")])
def test_a_persisted_output_is_there_when_its_stage_runs(persist: tuple[str, ...], seen: str) -> None:
    """DVC deletes the others before."""
    pipeline = Pipeline((replace(A, persist=persist),))
    foresight = Foresight(lambda _stage, state: {"a.out": "one more" if state.at("a.out") else "new"})
    first = foresight.repro(pipeline, START).state
    assert first.files["a.out"] == "new"
    assert foresight.repro(pipeline, first.plus([("raw/1", "1")])).state.files["a.out"] == seen


@pytest.mark.parametrize(
    ("stage", "deed"),
    [
        (Stage("s", "s", deps=("raw",)), "skipped"),
        (Stage("s", "s", params={P: ("n",)}), "skipped"),
        (Stage("s", "s", outs=(Output("a.out"),)), "skipped"),
        (Stage("s", "s"), "ran"),
    ],
)
def test_a_stage_with_nothing_always_runs(stage: Stage, deed: str) -> None:
    """Deps, params or outputs alone give DVC something to compare."""
    pipeline = Pipeline((stage,))
    foresight = Foresight(lambda one, _state: dict.fromkeys(one.out_paths, "made"))
    state = foresight.repro(pipeline, START).state
    assert foresight.repro(pipeline, state).deeds == {"s": deed}


def test_a_frozen_stage_accepts_its_output() -> None:
    """It never runs; what lies there now is recorded, so that what follows it runs."""
    pipeline = Pipeline((replace(A, frozen=True), B))
    foresight, state = begun()
    after = foresight.repro(pipeline, state.plus([("a.out", "by hand"), ("raw/1", "new")]))
    assert after.deeds == {"a": "accepted", "b": "ran"}
    assert foresight.repro(BOTH, after.state).deeds == {"a": "skipped", "b": "skipped"}


def test_the_run_cache_tells_values_apart_that_compare_equal() -> None:
    """1 and 1.0 are the same parameter to a comparison, and two runs to the run cache."""
    one, other = (Record((), {}, {(P, "n"): [value]}, {}) for value in (1, 1.0))
    assert one.params == other.params
    assert one.key != other.key


def test_turns_are_depth_first_from_the_first_stage() -> None:
    """Makers come before readers, in the order of dvc.yaml; a frozen stage waits for nobody."""
    c = Stage("c", "c", outs=(Output("c.out"),))
    late = replace(A, deps=("c.out",))
    assert turns(Pipeline((B, late, c))) == ("c", "a", "b")
    assert turns(Pipeline((replace(B, frozen=True), late, c))) == ("b", "c", "a")
    assert turns(Pipeline((c, B, late))) == ("c", "a", "b")


def test_turns_end_in_a_cycle() -> None:
    """A graph that DVC would refuse is answered, too."""
    one = Stage("one", "one", deps=("y",), outs=(Output("x"),))
    two = Stage("two", "two", deps=("x",), outs=(Output("y"),))
    assert turns(Pipeline((one, two))) == ("two", "one")


@pytest.mark.parametrize(
    ("file", "path", "inside"),
    [("a/b", "a/b", True), ("a/b", "a", True), ("ab", "a", False), ("a", "a/b", False), ("a", ".", True)],
)
def test_within(file: str, path: str, inside: bool) -> None:  # noqa: FBT001  a column of the table
    """A file is within itself, its folders and the root."""
    assert within(file, path) is inside


def test_a_state_shows_values_and_leaves() -> None:
    """By key, as a whole, and nothing where there is no such file or key."""
    assert START.values(P, "m.k") == [1]
    assert START.values(P, "") == [{"n": 1, "m": {"k": 1}}]
    assert START.values("other.yaml", "") == START.values(P, "x") == []
    assert START.leaves(P) == {"n": 1, "m.k": 1}
    assert START.leaves("other.yaml") == {}


def test_a_state_without_and_plus() -> None:
    """Folders go with all that is in them, and files come in place of others."""
    assert START.without(["raw"]).files == {}
    assert START.without(["raw/1"]).plus([("raw/2", "2")]).files == {"raw/2": "2"}
    assert START.at("raw") == {("raw/1", "one"), ("raw/2", "two")}
