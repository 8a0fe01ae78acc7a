"""The oracle says what DVC does by what is declared, and what is right by what is read.

`tests/oracle` holds it against DVC itself.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.oracle import Change, Reads, declared, really
from harness.evidence.pipeline import Output, Pipeline, Stage

P = "params.yaml"
PREPARE = Stage(
    "p",
    "p",
    deps=("raw.csv", "p.py"),
    params={P: ("p.split",)},
    outs=(Output("train.csv"), Output("test.csv")),
)
TRAIN = Stage("t", "t", deps=("train.csv", "t.py"), params={P: ("t.n", "t.depth")}, outs=(Output("m.pkl"),))
EVALUATE = Stage("e", "e", deps=("m.pkl", "test.csv", "e.py"), outs=(Output("s.json", cached=False),))
PLAIN = Pipeline((PREPARE, TRAIN, EVALUATE))
READS = Reads(
    files={
        "p": frozenset({"raw.csv", "p.py", P}),
        "t": frozenset({"train.csv", "t.py", P}),
        "e": frozenset({"m.pkl", "test.csv", "e.py"}),
    },
    params={"p": {P: frozenset({"p.split"})}, "t": {P: frozenset({"t.n", "t.depth"})}},
)
N = Change.of_param(P, "t.n")


def changed(**stages: Stage) -> Pipeline:
    """The plain pipeline with some stages replaced, by their address."""
    return Pipeline(tuple(stages.get(stage.address, stage) for stage in PLAIN.stages))


def test_what_is_filled_into_a_command_runs_its_stage() -> None:
    """DVC sees another command, though the key is not listed."""
    filled = changed(t=replace(TRAIN, params={}, filled={P: ("t.n",)}))
    assert declared(filled, N) == {"t", "e"}
    assert declared(filled, Change.of_param(P, "t.depth")) == frozenset()


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        (Change(), ""),
        (N, "te"),
        (Change.of_param(P, "p.split"), "pte"),
        (Change.of_param(P, "t.other"), ""),
        (Change.of_param("other.yaml", "t.n"), ""),
        (Change.of_file("e.py"), "e"),
        (Change.of_file("raw.csv"), "pte"),
        (Change(deleted=frozenset({"m.pkl"})), "t"),
    ],
)
def test_plain_pipeline(change: Change, runs: str) -> None:
    """Where everything is declared as it is read, DVC does what is right."""
    assert declared(PLAIN, change) == really(PLAIN, READS, change) == set(runs)


def test_a_changed_key_changes_its_file() -> None:
    """An edit of a params file is one of its bytes too; other files have bytes alone."""
    assert Change.of_param(P, "t.n") == Change(frozenset({P}), {P: frozenset({"t.n"})})
    assert Change.of_file("t.py") == Change(frozenset({"t.py"}))


def test_params_file_as_a_dep() -> None:
    """A params file listed under deps re-runs its stage at every change, needed or not."""
    pipeline = changed(p=replace(PREPARE, deps=(*PREPARE.deps, P)))
    assert declared(pipeline, N) == {"p", "t", "e"}
    assert really(pipeline, READS, N) == {"t", "e"}


@pytest.mark.parametrize("keys", [("t",), (), ("t.n",)])
def test_sections_and_whole_files(keys: tuple[str, ...]) -> None:
    """A declared section covers its keys, and no keys at all mean the whole file."""
    pipeline = changed(t=replace(TRAIN, params={P: keys}))
    assert declared(pipeline, N) == {"t", "e"}
    assert declared(pipeline, Change.of_param(P, "t")) == {"t", "e"}


def test_declared_folder() -> None:
    """A change inside a declared folder counts, one beside it does not."""
    pipeline = changed(p=replace(PREPARE, deps=("raw",)))
    assert declared(pipeline, Change.of_file("raw/a.csv")) == {"p", "t", "e"}
    assert declared(pipeline, Change.of_file("raw2/a.csv")) == frozenset()


def test_frozen_stage() -> None:
    """A frozen stage never runs, and nothing after it runs for its sake."""
    pipeline = changed(t=replace(TRAIN, frozen=True))
    assert declared(pipeline, N) == frozenset()
    assert declared(pipeline, Change(deleted=frozenset({"m.pkl"}))) == frozenset()
    assert really(pipeline, READS, N) == {"t", "e"}


def test_stage_that_always_runs() -> None:
    """A stage with always_changed, or with neither deps, params nor outputs, runs each time, alone."""
    others = (
        Stage("log", "log"),
        Stage("reads", "reads", deps=("x",)),
        Stage("tunes", "tunes", params={"q.yaml": ("n",)}),
        Stage("makes", "makes", outs=(Output("y"),)),
    )
    pipeline = Pipeline((replace(PREPARE, always_changed=True), TRAIN, EVALUATE, *others))
    assert declared(pipeline, Change()) == {"p", "log"}
    assert really(pipeline, READS, Change()) == frozenset()


def test_undeclared_dependency() -> None:
    """A stage that reads what it does not declare is missed, and what follows it with it."""
    pipeline = changed(t=replace(TRAIN, deps=("train.csv",)))
    change = Change.of_file("t.py")
    assert declared(pipeline, change) == frozenset()
    assert really(pipeline, READS, change) == {"t", "e"}


def test_undeclared_edge() -> None:
    """What a stage really reads of another stage's outputs makes an edge that DVC does not see."""
    pipeline = changed(e=replace(EVALUATE, deps=("test.csv",)))
    assert declared(pipeline, N) == {"t"}
    assert really(pipeline, READS, N) == {"t", "e"}


def test_undeclared_parameter() -> None:
    """A parameter that is read and not declared is missed, in a file that was not seen as one too."""
    assert declared(changed(t=replace(TRAIN, params={P: ("t.depth",)})), N) == frozenset()
    by_key = Reads(files={}, params={"t": {P: frozenset({"t.n"})}})
    assert really(PLAIN, by_key, N) == {"t"}
    assert really(PLAIN, by_key, Change.of_param(P, "t.depth")) == frozenset()
    assert really(PLAIN, by_key, Change.of_param("other.yaml", "t.n")) == frozenset()


def test_params_file_read_as_a_whole() -> None:
    """Where no keys are known to have been read, each change of the file counts."""
    reads = Reads(files={"t": frozenset({P})})
    assert really(PLAIN, reads, N) == {"t"}


FILES = st.sampled_from(["raw.csv", "p.py", "t.py", "e.py", "train.csv", "test.csv", "m.pkl"])
CHANGES = st.builds(Change, files=st.frozensets(FILES), deleted=st.frozensets(FILES))


@given(CHANGES, CHANGES)
def test_more_changes_run_more(one: Change, other: Change) -> None:
    """What runs after two changes together holds what runs after each."""
    both = Change(files=one.files | other.files, deleted=one.deleted | other.deleted)
    assert declared(PLAIN, one) | declared(PLAIN, other) <= declared(PLAIN, both)
    assert really(PLAIN, READS, one) <= really(PLAIN, READS, both)


@given(st.frozensets(FILES))
def test_running_stages_are_closed_downstream(files: frozenset[str]) -> None:
    """Whatever follows a stage that runs, runs."""
    runs = declared(PLAIN, Change(files=files))
    assert all(PLAIN.downstream(stage) <= runs for stage in runs)
