"""Roles and edges are told by the data that flows, whatever the stages are called and how they are cut."""

from __future__ import annotations

from harness.evidence.flows import find_flows
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.evidence.roles import Roles, find_roles, looks_like_model

RAW = "data/raw.csv"
METRICS = "scores.json"


def stage(name: str, deps: str, outs: str) -> Stage:
    """A stage with deps and outs separated by blanks; an out with a leading `*` is a metric."""
    made = tuple(
        Output(out.lstrip("*"), cached=not out.startswith("*"), kind="metric" if out[0] == "*" else "out")
        for out in outs.split()
    )
    return Stage(name, name, cmd=(f"run {name}",), deps=tuple(deps.split()), outs=made)


def roles_of(*stages: Stage) -> Roles:
    """The roles in a pipeline of these stages, in this lab-like setting."""
    return find_roles(
        Pipeline(stages),
        metric_paths=[METRICS],
        raw_paths=[RAW],
        is_code=lambda path: path.endswith(".py"),
    )


def holding(*stages: Stage) -> list[bool]:
    """Which of the four edges hold in a pipeline of these stages."""
    return [flow.holds for flow in find_flows(Pipeline(stages), roles_of(*stages))]


PREPARE = stage("p", f"p.py {RAW}", "out/train.csv out/test.csv")
TRAIN = stage("t", "t.py out/train.csv", "m.pkl")
EVALUATE = stage("e", "e.py m.pkl out/test.csv", f"*{METRICS}")


def test_plain_pipeline() -> None:
    """Three stages in a row have the three roles, and all four edges hold."""
    roles = roles_of(EVALUATE, TRAIN, PREPARE)
    assert roles == Roles((RAW,), ("p",), ("t",), ("e",), ("m.pkl",), ("out/test.csv",))
    assert roles.model == "m.pkl"
    assert [roles.of(name) for name in "ptex"] == ["prepare", "train", "evaluate", None]
    assert holding(PREPARE, TRAIN, EVALUATE) == [True] * 4


def test_candidates_and_the_pick_among_them_train() -> None:
    """Each candidate's stage makes a model and notes about it; one that makes tables too prepares data."""
    first, second = (stage(name, "out/train.csv", f"{name}/m.pkl {name}/cv.json") for name in "ab")
    pick = stage("pick", "a b", "best.pkl")
    scores = stage("e", "best.pkl out/test.csv", f"*{METRICS}")
    assert roles_of(PREPARE, first, second, pick, scores).train == ("a", "b", "pick")
    scaled = stage("s", "out/train.csv", "s/scaler.pkl s/rows.csv")
    fit = stage("t", "s", "m.pkl")
    assert roles_of(PREPARE, scaled, fit, EVALUATE).train == ("t",)


def test_folders_as_data() -> None:
    """A folder that holds training and held-out data feeds both, and a model may be a folder."""
    stages = (
        stage("p", RAW, "data/done"),
        stage("t", "data/done", "models"),
        stage("e", "models data/done/test.csv", f"*{METRICS}"),
    )
    roles = roles_of(*stages)
    assert (roles.models, roles.held_out) == (("models",), ("data/done/test.csv",))
    assert holding(*stages) == [True] * 4
    whole = stage("e", "models data/done", f"*{METRICS}")
    assert holding(*stages[:2], whole) == [True] * 4


def test_broad_folder_dep_of_training() -> None:
    """Training that declares the whole folder leaves the evaluation its held-out file."""
    train = stage("t", "out", "m.pkl")
    assert roles_of(PREPARE, train, EVALUATE).held_out == ("out/test.csv",)


def test_split_preparation() -> None:
    """Preparation in two stages, where only the second feeds the others, is preparation."""
    first = stage("clean", RAW, "clean.csv")
    second = stage("split", "clean.csv", "out/train.csv out/test.csv")
    roles = roles_of(first, second, TRAIN, EVALUATE)
    assert roles.prepare == ("clean", "split")
    assert holding(first, second, TRAIN, EVALUATE) == [True] * 4


def test_stage_between_preparation_and_training() -> None:
    """A stage that only re-weights training data prepares."""
    balance = stage("balance", "out/train.csv", "out/balanced.csv")
    train = stage("t", "out/balanced.csv", "m.pkl")
    roles = roles_of(PREPARE, balance, train, EVALUATE)
    assert (roles.prepare, roles.train) == (("p", "balance"), ("t",))
    assert holding(PREPARE, balance, train, EVALUATE) == [True] * 4


def test_stage_between_training_and_evaluation() -> None:
    """A stage that turns one model into another trains, and the evaluated one is the model."""
    calibrate = stage("calibrate", "m.pkl out/train.csv", "calibrated.pkl")
    evaluate = stage("e", "calibrated.pkl out/test.csv", f"*{METRICS}")
    roles = roles_of(PREPARE, TRAIN, calibrate, evaluate)
    assert (roles.train, roles.models) == (("t", "calibrate"), ("calibrated.pkl",))
    assert holding(PREPARE, TRAIN, calibrate, evaluate) == [True] * 4


def test_evaluation_split_in_two() -> None:
    """A stage that predicts and a stage that scores evaluate together."""
    predict = stage("predict", "m.pkl out/test.csv", "predictions.csv")
    score = stage("score", "predictions.csv out/test.csv", f"*{METRICS}")
    roles = roles_of(PREPARE, TRAIN, predict, score)
    assert roles.evaluate == ("predict", "score")
    assert roles.models == ("m.pkl",)
    assert holding(PREPARE, TRAIN, predict, score) == [True] * 4


def test_features_for_both() -> None:
    """Held-out features that come out of a second stage are no model."""
    features = stage("f", "out/train.csv out/test.csv", "f/train.csv f/test.csv")
    train = stage("t", "f/train.csv", "m.pkl")
    evaluate = stage("e", "m.pkl f/test.csv", f"*{METRICS}")
    roles = roles_of(PREPARE, features, train, evaluate)
    assert (roles.prepare, roles.models, roles.held_out) == (("p", "f"), ("m.pkl",), ("f/test.csv",))
    undeclared = stage("e", "f/test.csv", f"*{METRICS}")
    assert holding(PREPARE, features, train, undeclared) == [True, True, False, True]


def test_scaler_is_not_the_model() -> None:
    """An encoder that preparation pickles and everyone reads is data, not the model."""
    prepare = stage("p", RAW, "out/train.csv out/test.csv scaler.pkl")
    train = stage("t", "out/train.csv scaler.pkl", "m.pkl")
    evaluate = stage("e", "m.pkl scaler.pkl out/test.csv", f"*{METRICS}")
    roles = roles_of(prepare, train, evaluate)
    assert (roles.prepare, roles.models, roles.held_out) == (("p",), ("m.pkl",), ("out/test.csv",))


def test_several_models() -> None:
    """Each of several training stages trains, and each of their outputs is a model."""
    trains = [stage(f"t@{kind}", "out/train.csv", f"models/{kind}.pkl") for kind in ("a", "b")]
    evaluate = stage("e", "models/a.pkl models/b.pkl out/test.csv", f"*{METRICS}")
    roles = roles_of(PREPARE, *trains, evaluate)
    assert roles.train == ("t@a", "t@b")
    assert roles.models == ("models/a.pkl", "models/b.pkl")
    assert holding(PREPARE, *trains, evaluate) == [True] * 4


def test_metrics_of_training_too() -> None:
    """Of two stages that make metrics, the one that follows the other evaluates."""
    train = stage("t", "out/train.csv", "m.pkl *train.json")
    pipeline = Pipeline((PREPARE, train, EVALUATE))
    roles = find_roles(pipeline, metric_paths=[], raw_paths=[RAW], is_code=lambda _: False)
    assert (roles.train, roles.evaluate) == (("t",), ("e",))


def test_metrics_by_two_stages() -> None:
    """Two stages side by side that make metrics both evaluate."""
    other = stage("e2", "m.pkl out/test.csv", "*more.json")
    pipeline = Pipeline((PREPARE, TRAIN, EVALUATE, other))
    roles = find_roles(
        pipeline, metric_paths=[METRICS, "more.json"], raw_paths=[RAW], is_code=lambda _: False
    )
    assert roles.evaluate == ("e", "e2")


def test_metrics_about_metrics() -> None:
    """Stages that sum scores up, count rows or look into the model as well leave evaluation its role."""
    others = (
        stage("summary", f"summary.py {METRICS}", "*summary.json"),
        stage("rows", "out/train.csv out/test.csv", "*rows.json"),
        stage("look", f"m.pkl {METRICS}", "*look.json"),
    )
    pipeline = Pipeline((PREPARE, TRAIN, EVALUATE, *others))
    paths = ["look.json", "summary.json", "rows.json", METRICS]
    roles = find_roles(pipeline, metric_paths=paths, raw_paths=[RAW], is_code=lambda _: False)
    assert roles.evaluate == ("e", "look")
    assert (roles.train, roles.models, roles.held_out) == (("t",), ("m.pkl",), ("out/test.csv",))
    assert [flow.holds for flow in find_flows(pipeline, roles)] == [True] * 4


def test_undeclared_metrics() -> None:
    """Where no stage makes metrics, the stage that reads the model evaluates."""
    evaluate = stage("e", "m.pkl out/test.csv", "")
    assert roles_of(PREPARE, TRAIN, evaluate).evaluate == ("e",)


def test_missing_raw_data() -> None:
    """Preparation that does not declare the raw data lacks the first edge, and the words name it."""
    prepare = stage("p", "p.py", "out/train.csv out/test.csv")
    assert holding(prepare, TRAIN, EVALUATE) == [False, True, True, True]
    flow = find_flows(Pipeline((prepare, TRAIN, EVALUATE)), roles_of(prepare, TRAIN, EVALUATE))[0]
    assert flow.reason == "the raw data is no dep of p (its deps: p.py)"


def test_missing_training_data() -> None:
    """Training that does not declare its data lacks the second edge only."""
    train = stage("t", "t.py", "m.pkl")
    assert holding(PREPARE, train, EVALUATE) == [True, False, True, True]


def test_missing_model() -> None:
    """Evaluation that does not declare the model lacks the third edge only, and the model is still known."""
    evaluate = stage("e", "e.py out/test.csv", f"*{METRICS}")
    assert holding(PREPARE, TRAIN, evaluate) == [True, True, False, True]
    assert roles_of(PREPARE, TRAIN, evaluate).models == ("m.pkl",)


def test_missing_held_out_data() -> None:
    """Evaluation that does not declare its data lacks the fourth edge only."""
    evaluate = stage("e", "e.py m.pkl", f"*{METRICS}")
    assert holding(PREPARE, TRAIN, evaluate) == [True, True, True, False]


def test_evaluation_on_training_data() -> None:
    """The very file that training reads is no held-out data, unless it is all that was prepared."""
    evaluate = stage("e", "m.pkl out/train.csv", f"*{METRICS}")
    assert holding(PREPARE, TRAIN, evaluate) == [True, True, True, False]
    prepare = stage("p", RAW, "out/train.csv")
    assert holding(prepare, TRAIN, evaluate) == [True] * 4


def test_training_and_evaluation_in_one() -> None:
    """One stage that trains and evaluates has the first two edges."""
    both = stage("both", "out/train.csv out/test.csv", f"m.pkl *{METRICS}")
    roles = roles_of(PREPARE, both)
    assert roles.train == roles.evaluate == ("both",)
    assert holding(PREPARE, both)[:3] == [True, True, False]


def test_training_makes_the_split() -> None:
    """Held-out data that training itself sets aside feeds the evaluation."""
    prepare = stage("p", RAW, "clean.csv")
    train = stage("t", "clean.csv", "m.pkl held.csv")
    evaluate = stage("e", "m.pkl held.csv", f"*{METRICS}")
    assert holding(prepare, train, evaluate) == [True] * 4


def test_unread_preparation() -> None:
    """Preparation whose outputs nothing reads still prepares the raw data."""
    train = stage("t", RAW, "m.pkl")
    evaluate = stage("e", f"m.pkl {RAW}", f"*{METRICS}")
    assert holding(PREPARE, train, evaluate) == [True, False, True, False]


def test_raw_data_under_another_name() -> None:
    """Sources that are neither code nor parameters serve where the known raw data is not read."""
    prepare = Stage("p", "p", deps=("p.py", "wine.csv"), params={"params.yaml": ()}, outs=PREPARE.outs)
    assert roles_of(prepare, TRAIN, EVALUATE).raw == ("wine.csv",)


def test_no_stages() -> None:
    """A pipeline without stages has no roles, and each edge says so."""
    assert roles_of() == Roles((), (), (), (), (), ())
    assert all(flow.reason and not flow.holds for flow in find_flows(Pipeline(), roles_of()))


def test_cycle_is_survived() -> None:
    """Stages that need each other get roles without an endless loop."""
    first = stage("a", "y.csv", "x.csv")
    second = stage("b", "x.csv", f"y.csv *{METRICS}")
    assert roles_of(first, second).evaluate == ("b",)


def test_what_looks_like_a_model() -> None:
    """Endings decide before words."""
    assert looks_like_model("x/forest.joblib")
    assert looks_like_model("models")
    assert not looks_like_model("models/test.csv")
    assert looks_like_model("models/train_model.pkl")
    assert not looks_like_model("data/done")


def test_held_out_data_of_one_stage_that_trains_and_scores() -> None:
    """A stage that reads all rows, as it trains and scores, holds out those that are not called training."""
    roles = roles_of(PREPARE, stage("te", "t.py out/train.csv out/test.csv", f"m.pkl *{METRICS}"))
    assert (roles.train, roles.evaluate, roles.held_out) == (("te",), ("te",), ("out/test.csv",))


def test_held_out_data_that_training_reads_too() -> None:
    """Training that looks at all data leaves the names to tell; what it reads alone is no held-out data."""
    both = stage("t", "out/train.csv out/test.csv", "m.pkl")
    assert roles_of(PREPARE, both, EVALUATE).held_out == ("out/test.csv",)
    assert all(holding(PREPARE, both, EVALUATE))
    on_training_rows = stage("e", "m.pkl out/train.csv", "s.json")
    assert roles_of(PREPARE, both, on_training_rows).held_out == ()
