"""Each of the four edges holds by the data that flows along it, and what lacks is told in words."""

from __future__ import annotations

from harness.evidence.flows import Flow, find_flows
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.evidence.roles import find_roles

RAW, METRICS = "raw.csv", "scores.json"
PREPARE = Stage("p", "p", deps=("p.py", RAW), outs=(Output("train.csv"), Output("test.csv")))
TRAIN = Stage("t", "t", deps=("t.py", "train.csv"), outs=(Output("m.pkl"),))
EVALUATE = Stage("e", "e", deps=("m.pkl", "test.csv"), outs=(Output(METRICS, cached=False, kind="metric"),))


def flows(*stages: Stage) -> tuple[Flow, ...]:
    """The four edges in a pipeline of these stages."""
    pipeline = Pipeline(stages)
    roles = find_roles(
        pipeline, metric_paths=[METRICS], raw_paths=[RAW], is_code=lambda path: path.endswith(".py")
    )
    return find_flows(pipeline, roles)


def without(stage: Stage, *deps: str) -> Stage:
    """A stage that does not declare some of its deps."""
    left = tuple(dep for dep in stage.deps if dep not in deps)
    return Stage(stage.address, stage.name, deps=left, outs=stage.outs)


def lacking(*stages: Stage) -> list[tuple[int, str]]:
    """The place and the reason of each edge that does not hold."""
    return [(place, flow.reason) for place, flow in enumerate(flows(*stages)) if not flow.holds]


def test_all_hold() -> None:
    """In a complete pipeline each edge names the data that makes it."""
    assert [(flow.name, flow.reason) for flow in flows(PREPARE, TRAIN, EVALUATE)] == [
        ("raw data -> prepare", "p reads raw.csv"),
        ("prepare -> train", "t reads train.csv from p"),
        ("train -> evaluate", "e reads m.pkl from t"),
        ("prepare -> evaluate", "e reads test.csv from p"),
    ]


def test_undeclared_raw_data() -> None:
    """Preparation without the raw data among its deps lacks the first edge."""
    assert lacking(without(PREPARE, RAW), TRAIN, EVALUATE) == [
        (0, "the raw data is no dep of p (its deps: p.py)")
    ]


def test_undeclared_training_data() -> None:
    """Training without its data among its deps lacks the second edge."""
    assert lacking(PREPARE, without(TRAIN, "train.csv"), EVALUATE) == [
        (1, "no prepared data is a dep of t (its deps: t.py)")
    ]


def test_undeclared_model() -> None:
    """Evaluation without the model among its deps lacks the third edge."""
    assert lacking(PREPARE, TRAIN, without(EVALUATE, "m.pkl")) == [
        (2, "the model m.pkl is no dep of e (its deps: test.csv)")
    ]


def test_undeclared_held_out_data() -> None:
    """Evaluation without held-out data among its deps lacks the fourth edge."""
    assert lacking(PREPARE, TRAIN, without(EVALUATE, "test.csv")) == [
        (3, "no held-out data is a dep of e (its deps: m.pkl)")
    ]


def test_one_stage_for_two() -> None:
    """A stage that trains and evaluates leaves no edge between the two."""
    both = Stage("both", "both", deps=TRAIN.deps, outs=(*TRAIN.outs, *EVALUATE.outs))
    found = dict(lacking(PREPARE, both))
    assert found[2] == "both trains and evaluates in one stage"


def test_missing_stages() -> None:
    """Where stages are missing, the edges to them say which there are."""
    assert dict(lacking(PREPARE)) == {
        1: "no stage makes a model; the stages are p",
        2: "no stage makes the metrics; the stages are p",
        3: "no stage makes the metrics; the stages are p",
    }
    assert lacking() == [
        (0, "no stage makes data for training or evaluation out of the raw data"),
        (1, "no stage makes a model; the stages are none"),
        (2, "no stage makes the metrics; the stages are none"),
        (3, "no stage makes the metrics; the stages are none"),
    ]


def test_several_of_a_role_are_all_told() -> None:
    """Each stage with the deps that it declares."""
    second = Stage("q", "q", deps=("q.py", "p.py"), outs=(Output("more.csv"),))
    train = Stage("t", "t", deps=("t.py", "train.csv", "more.csv"), outs=(Output("m.pkl"),))
    assert lacking(without(PREPARE, RAW), second, train, EVALUATE) == [
        (0, "the raw data is no dep of p (its deps: p.py); q (its deps: q.py, p.py)")
    ]


def test_data_of_the_training_is_no_model() -> None:
    """A table that training makes and evaluation reads does not stand for the model."""
    train = Stage("t", "t", deps=TRAIN.deps, outs=(Output("m.pkl"), Output("test2.csv")))
    evaluate = Stage("e", "e", deps=("test2.csv", "test.csv"), outs=EVALUATE.outs)
    assert lacking(PREPARE, train, evaluate) == [
        (2, "the model m.pkl is no dep of e (its deps: test2.csv, test.csv)")
    ]
