"""The four scores are found by what their keys mean, and only real numbers are scores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.metrics import SCORES, find_scores, load_metrics, otherness
from harness.evidence.params import Value

FOUR: dict[str, Value] = {"accuracy": 0.9, "precision": 0.8, "recall": 0.7, "f1": 0.6}
OTHERS: dict[str, Value] = {"accuracy": 0.1, "precision": 0.1, "recall": 0.1, "f1": 0.1}


def test_loading() -> None:
    """JSON, YAML and TOML are metrics files, other endings are not."""
    assert load_metrics("m.json", b'{"a": 1}') == {"a": 1}
    assert load_metrics("m.yml", b"a: 1\n") == {"a": 1}
    assert load_metrics("m.toml", b"a = 1\n") == {"a": 1}
    assert load_metrics("m.yaml", b"a: 1\n") == {"a": 1}
    for path, data, told in (
        ("m.csv", b"a\n1\n", "m.csv: a metrics file should be JSON, YAML or TOML"),
        ("m.json", b"[1]", "m.json: parameters should be a mapping, found list"),
        ("m.json", b"{", "m.json: not valid JSON"),
    ):
        with pytest.raises(MalformedEvidence) as caught:
            load_metrics(path, data)
        assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    "mapping",
    [
        FOUR,
        {"acc": 0.9, "Precision": 0.8, "RECALL": 0.7, "f1_score": 0.6},
        {"accuracy_score": 0.9, "precision_score": 0.8, "recall_score": 0.7, "f1-score": 0.6},
        {"test_accuracy": 0.9, "test_precision": 0.8, "test_recall": 0.7, "test_f1": 0.6},
        {"testAccuracy": 0.9, "testPrecision": 0.8, "testRecall": 0.7, "testF1": 0.6},
        {"accuracy": 0.9, "precision_macro": 0.8, "recall_macro": 0.7, "f1_macro": 0.6},
        {"accuracy": 0.9, "precision": 0.8, "recall": 0.7, "F-Score": 0.6},
        {"metrics": {"test": FOUR}},
        {"train": OTHERS, "test": FOUR},
        {"test": FOUR, "train": OTHERS, "validation": OTHERS},
        FOUR | {"train_accuracy": 0.1, "train_f1": 0.1, "cv": OTHERS},
        FOUR | {"balanced_accuracy": 0.1, "average_precision": 0.1, "roc_auc": 0.1, "f1_std": 0.1},
        FOUR | {"rows": 116, "step": 3, "when": "today", "confusion": [[1, 2], [3, 4]]},
        {"eval/accuracy": 0.9, "eval/precision": 0.8, "eval/recall": 0.7, "eval/f1": 0.6},
        {"accuracy": 0.9, "macro avg": {"precision": 0.8, "recall": 0.7, "f1-score": 0.6, "support": 116}},
    ],
)
def test_keys_by_meaning(mapping: dict[str, Value]) -> None:
    """Each of these says the same four scores of the held-out data."""
    scores = find_scores(mapping)
    assert scores.values == FOUR
    assert scores.complete
    assert scores.missing == ()


def test_keys_are_told() -> None:
    """Each score names the dotted key that it was found at."""
    assert find_scores({"test": FOUR}).keys["recall"] == "test.recall"


def test_one_section_for_three() -> None:
    """Precision, recall and f1 come from one section of a classification report."""
    report: dict[str, Value] = {
        label: {"precision": value, "recall": value, "f1-score": value}
        for label, value in (("0", 0.1), ("1", 0.2), ("weighted avg", 0.3))
    }
    values = find_scores(report | {"accuracy": 0.9}).values
    assert values["precision"] == values["recall"] == values["f1"]


def test_training_scores_where_there_are_no_others() -> None:
    """Scores of training data are taken where there are no others, and never fill the gaps of others."""
    assert find_scores({"train": FOUR}).values == FOUR
    assert find_scores({"test_accuracy": 0.9, "train_f1": 0.6}).missing == ("precision", "recall", "f1")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, "'True' is a truth value, not a number"),
        ("0.9", "'0.9' is a text, not a number"),
        ("x" * 60, f"'{'x' * 40}' is a text, not a number"),
        (None, "'None' is nothing, not a number"),
        ([0.9], "'[0.9]' is a list, not a number"),
        ({}, "'{}' is a section, not a number"),
        (float("nan"), "nan is no score, which lies between 0 and 1"),
        (float("inf"), "a huge number is no score, which lies between 0 and 1"),
        (10**400, "a huge number is no score, which lies between 0 and 1"),
        (116, "116 is no score, which lies between 0 and 1"),
        (-100.5, "-100.5 is no score, which lies between 0 and 1"),
    ],
)
def test_only_real_numbers(value: Value, told: str) -> None:
    """What is no finite number of a score's size is refused, and the reason names it."""
    scores = find_scores(FOUR | {"f1": value})
    assert "f1" not in scores.values
    assert scores.refused == {"f1": told}
    assert scores.keys["f1"] == "f1"
    assert not scores.complete
    assert scores.missing == ()


def test_number_too_long_to_print() -> None:
    """An integer of more digits than Python prints is refused like any other huge number."""
    assert find_scores({"f1": -(10**5000)}).refused == {
        "f1": "a huge number is no score, which lies between 0 and 1"
    }


def test_nothing_to_find() -> None:
    """A file of regression metrics, or an empty one, has none of the scores."""
    assert find_scores({"mse": 1.5, "r2": 0.9, "mae": 0.1}).missing == SCORES
    assert find_scores({}).missing == SCORES


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({"a_recall": 0.1, "recall": 0.2}, "recall"),
        ({"odd_very_recall": 0.1, "odd_recall": 0.2}, "odd_recall"),
        ({"train_recall": 0.1, "odd_recall": 0.2}, "odd_recall"),
        ({"odd_recall": 0.1, "held_out_recall": 0.2}, "held_out_recall"),
        (
            {"odd": {"recall": 0.1, "f1": 0.1}, "strange": {"recall": 0.2, "f1": 0.1, "precision": 0.1}},
            "strange.recall",
        ),
        ({"b": {"recall": 0.1}, "a": {"recall": 0.2}}, "a.recall"),
        ({"test": {"recall": 0.1}, "f1": 0.1, "accuracy": 0.1, "recall": 0.2}, "test.recall"),
        ({"f measure": 0.1, "holdOutRecall": 0.2, "hold-out f1": 0.1}, "holdOutRecall"),
    ],
)
def test_one_of_several(mapping: dict[str, Value], key: str) -> None:
    """Held-out data first, then the section with more scores, then the plainer words, then the alphabet."""
    assert find_scores(mapping).keys["recall"] == key


def test_percentages_stay() -> None:
    """Percentages are numbers as they are; whoever compares decides."""
    assert find_scores({"accuracy": 100, "f1": -0.5}).values == {"accuracy": 100.0, "f1": -0.5}
    assert find_scores({"accuracy": 94.83}).values == {"accuracy": 94.83}


KEYS = st.text(st.sampled_from("acurfl1_ .-pes"), max_size=12) | st.sampled_from([*SCORES, "test", "train"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_mapping(mapping: dict[str, Value]) -> None:
    """Each score is found as a number, refused with a reason, or missing: exactly one of these."""
    scores = find_scores(mapping)
    for name in SCORES:
        assert (name in scores.values) + (name in scores.refused) + (name in scores.missing) == 1


@pytest.mark.parametrize(
    ("path", "far"),
    [
        ("data/processed/X_test.csv", 0),
        ("train/held-out.csv", 0),
        ("metrics/scores.json", 1),
        ("metrics/test/scores.json", 0),
        ("data/validation.csv", 2),
        ("test/X_val.npy", 2),
        ("train/scores.json", 2),
    ],
)
def test_a_files_name_says_how_far_it_is_from_the_held_out_data(path: str, far: int) -> None:
    """Its folders count where the name itself says nothing."""
    assert otherness(path) == far
