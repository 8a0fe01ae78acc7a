"""A pipeline is read from DVC's own description of it, and its graph follows the declared data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.pipeline import Output, Pipeline, Stage, overlaps

DESCRIBED: dict[str, Any] = {
    "error": None,
    "stages": [
        {
            "address": "sub/dvc.yaml:t",
            "name": "t",
            "file": "sub/dvc.yaml",
            "wdir": "sub",
            "cmd": ["python t.py", "echo done"],
            "frozen": False,
            "always_changed": True,
            "persist": ["sub/m.pkl"],
            "deps": ["data/x.csv"],
            "params": {"params.yaml": ["t.n"], "more.yaml": []},
            "filled": {"params.yaml": ["t.n", "t.m"], "more.yaml": ["a"], "other.yaml": ["b"]},
            "outs": [{"path": "sub/m.pkl", "cached": True, "kind": "out"}],
        },
        {"address": "data/x.csv.dvc", "name": "x", "file": "data/x.csv.dvc", "cmd": []},
    ],
    "metrics": ["m.json"],
    "plots": ["p.png"],
    "params_files": ["params.yaml"],
}


def chain(*links: tuple[str, str, str]) -> Pipeline:
    """A pipeline of (name, deps, outs), the paths separated by blanks."""
    return Pipeline(
        tuple(
            Stage(name, name, deps=tuple(deps.split()), outs=tuple(map(Output, outs.split())))
            for name, deps, outs in links
        )
    )


DIAMOND = chain(
    ("evaluate", "m.pkl data/done/test.csv", "s.json"),
    ("train", "data/done/train.csv t.py", "m.pkl"),
    ("prepare", "raw.csv p.py", "data/done"),
)


def test_a_stage_takes_what_it_lists_and_what_is_filled_in() -> None:
    """Each key once; of a file that is listed as a whole, all keys."""
    stage = Pipeline.from_description(DESCRIBED).stages[0]
    assert stage.takes == {"params.yaml": ("t.n", "t.m"), "more.yaml": (), "other.yaml": ("b",)}
    assert Stage("a", "a", params={"p.yaml": ("x",)}).takes == {"p.yaml": ("x",)}


def test_commands_are_lines_of_a_text_and_members_of_a_list() -> None:
    """A member of a list stays whole; a lock is compared with what is written."""
    block = "if true; then\n  echo x\nfi\n"
    text, alone = Stage("a", "a", cmd=(block,)), Stage("a", "a", cmd=(block,), listed=True)
    assert text.commands == ("if true; then", "  echo x", "fi")
    assert alone.commands == text.cmd == (block,)
    described = {**DESCRIBED["stages"][0], "cmd": [block], "listed": True}
    assert Pipeline.from_description({"stages": [described]}).stages[0].commands == (block,)


def test_description() -> None:
    """Every field of the description arrives, and data pointers are no stages."""
    pipeline = Pipeline.from_description(DESCRIBED)
    assert pipeline.addresses == ("sub/dvc.yaml:t",)
    stage = pipeline.stage("sub/dvc.yaml:t")
    assert (stage.name, stage.file, stage.wdir) == ("t", "sub/dvc.yaml", "sub")
    assert stage.cmd == ("python t.py", "echo done")
    assert (stage.frozen, stage.always_changed, stage.persist) == (False, True, ("sub/m.pkl",))
    assert stage.params == {"params.yaml": ("t.n",), "more.yaml": ()}
    assert stage.inputs == ("data/x.csv", "params.yaml", "more.yaml")
    assert stage.outs == (Output("sub/m.pkl"),)
    assert (pipeline.metrics, pipeline.plots, pipeline.params_files) == (
        ("m.json",),
        ("p.png",),
        ("params.yaml",),
    )


def test_error_of_dvc() -> None:
    """Where DVC refuses a file, its message is kept beside the stages of the others."""
    pipeline = Pipeline.from_description(DESCRIBED | {"error": "'dvc.yaml' is invalid"})
    assert (pipeline.error, len(pipeline.stages)) == ("'dvc.yaml' is invalid", 1)
    assert Pipeline.from_description({"error": "no"}).stages == ()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("address", None, "address should be a text, found NoneType"),
        ("name", 1, "name should be a text, found int"),
        ("file", 1, "file should be a text, found int"),
        ("wdir", None, "wdir should be a text, found NoneType"),
        ("cmd", "python t.py", "cmd should be a list, found str"),
        ("cmd", [1], "cmd should be a text, found int"),
        ("deps", "x", "deps should be a list, found str"),
        ("persist", "x", "persist should be a list, found str"),
        ("frozen", 0, "frozen should be true or false, found int"),
        ("always_changed", "no", "always_changed should be true or false, found str"),
        ("params", ["t.n"], "params should be a mapping, found list"),
        ("params", {"params.yaml": "t.n"}, "params.yaml should be a list, found str"),
        ("outs", {}, "outs should be a list, found dict"),
        ("outs", ["m.pkl"], "an output should be a mapping, found str"),
        ("outs", [{"cached": True}], "path should be a text, found NoneType"),
        ("outs", [{"path": "m", "cached": "yes"}], "cached should be true or false, found str"),
        ("outs", [{"path": "m", "kind": 1}], "kind should be a text, found int"),
        ("outs", [{"path": "m", "kind": "model"}], "kind should be out, metric or plot, found str"),
    ],
)
def test_other_shapes_are_refused(field: str, value: object, told: str) -> None:
    """A value of another type than promised is MalformedEvidence."""
    stage = DESCRIBED["stages"][0] | {field: value}
    with pytest.raises(MalformedEvidence) as caught:
        Pipeline.from_description(DESCRIBED | {"stages": [stage]}, "here")
    assert str(caught.value) == f"here: {told}"


def test_what_a_stage_leaves_out() -> None:
    """The least that a stage has: it works at the root, once, and makes nothing."""
    least = {"address": "a", "name": "a", "file": "dvc.yaml", "cmd": ["x"]}
    (stage,) = Pipeline.from_description({"stages": [least]}).stages
    assert stage == Stage("a", "a", cmd=("x",))
    out = {"path": "m", "cached": True}
    (stage,) = Pipeline.from_description({"stages": [{**least, "outs": [out]}]}).stages
    assert stage.outs == (Output("m"),)


def test_repeated_address_is_refused() -> None:
    """Two stages of one address are MalformedEvidence."""
    with pytest.raises(MalformedEvidence, match=r"^x: two stages have the address 'sub/dvc\.yaml:t'$"):
        Pipeline.from_description({"stages": [DESCRIBED["stages"][0]] * 2}, "x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["stages", "error", "cmd", "deps", "outs", "params"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json(data: object) -> None:
    """Any JSON gives a pipeline or MalformedEvidence, nothing else."""
    try:
        assert isinstance(Pipeline.from_description(data), Pipeline)
    except MalformedEvidence:
        return


def test_edges_and_order() -> None:
    """Edges join a folder to what lies in it, and makers come before readers."""
    assert DIAMOND.edges == {("prepare", "train"), ("prepare", "evaluate"), ("train", "evaluate")}
    assert DIAMOND.order == ("prepare", "train", "evaluate")
    assert DIAMOND.upstream("evaluate") == {"prepare", "train"}
    assert DIAMOND.downstream("prepare") == {"train", "evaluate"}
    assert DIAMOND.downstream("evaluate") == frozenset()
    assert DIAMOND.producers("data/done/test.csv") == ("prepare",)
    assert DIAMOND.consumers("data/done") == ("evaluate", "train")
    assert DIAMOND.between("prepare", "train") == ("data/done/train.csv",)
    assert set(DIAMOND.sources()) == {"t.py", "raw.csv", "p.py"}


def test_dep_that_holds_an_out() -> None:
    """A declared folder depends on whoever makes a file in it."""
    pipeline = chain(("one", "", "data/a.csv"), ("two", "data", "x"))
    assert pipeline.edges == {("one", "two")}
    assert pipeline.between("one", "two") == ("data/a.csv",)


def test_params_file_that_a_stage_makes() -> None:
    """A params file that a stage makes is an edge, as in DVC."""
    maker = Stage("maker", "maker", outs=(Output("params.yaml"),))
    reader = Stage("reader", "reader", params={"params.yaml": ("n",)})
    pipeline = Pipeline((reader, maker))
    assert pipeline.edges == {("maker", "reader")}
    assert pipeline.sources() == ()


def test_cycle() -> None:
    """Stages of a cycle are found, ordered last, and each is upstream of itself."""
    pipeline = chain(("a", "y", "x"), ("b", "x", "y"), ("c", "", "z"))
    assert pipeline.order == ("c", "a", "b")
    assert pipeline.upstream("a") == {"a", "b"}


def test_unknown_address() -> None:
    """An address that no stage has is a KeyError."""
    with pytest.raises(KeyError):
        DIAMOND.stage("nothing")


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [("a", "a", True), ("a/b", "a", True), ("a", "ab", False), ("a/b", "a/c", False), (".", "x/y", True)],
)
def test_overlapping_paths(one: str, other: str, result: bool) -> None:  # noqa: FBT001 - a table of truths
    """Paths overlap when they are the same or one lies in the other, in either order."""
    assert overlaps(one, other) is result
    assert overlaps(other, one) is result


PATHS = st.lists(st.sampled_from(["a", "a/b", "a/b/c", "d", "e", "f"]), max_size=3).map(" ".join)
GRAPHS = st.lists(st.tuples(PATHS, PATHS), max_size=6).map(
    lambda links: chain(*((f"s{place}", deps, outs) for place, (deps, outs) in enumerate(links)))
)


@given(GRAPHS)
def test_graph_is_consistent(pipeline: Pipeline) -> None:
    """In any graph, even with cycles, the order is complete, and upstream mirrors downstream."""
    assert sorted(pipeline.order) == sorted(pipeline.addresses)
    for one in pipeline.addresses:
        for other in pipeline.addresses:
            assert (one in pipeline.upstream(other)) == (other in pipeline.downstream(one))


@given(GRAPHS)
def test_order_respects_edges(pipeline: Pipeline) -> None:
    """A maker comes before each of its readers, unless it is in a cycle or behind one."""
    cyclic = {address for address in pipeline.addresses if address in pipeline.upstream(address)}
    for maker, reader in pipeline.edges:
        if cyclic.isdisjoint({maker, reader, *pipeline.upstream(maker), *pipeline.upstream(reader)}):
            assert pipeline.order.index(maker) < pipeline.order.index(reader)
