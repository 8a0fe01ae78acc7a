"""What is read about a model that knows the held-out rows, word for word."""

from __future__ import annotations

import pytest

from harness.errors import CheckFailed, Pending
from harness.labs.dvc_versioning.metrics_rule import KNOWN_HINT, refuse_known_rows
from harness.labs.dvc_versioning.taught import Taught, Verdict
from tests.labs.dvc_versioning.conftest import ruling_about
from tests.labs.dvc_versioning.test_metrics_rule_words import facts_of

LOOKED_UP = "the model gives 97% of the held-out rows their class, and 95% of rows right beside them"
TOLD = (
    "a column tells the class by itself: with its values exchanged between the classes, "
    "the model gives 95% of the held-out rows theirs, not 97%"
)
TURNED = (
    "trained while the features of the held-out rows alone were exchanged, the model gives 95% of "
    "these their class instead of 97%: the training sees them"
)
SEEN = (
    "trained on rows whose features were exchanged between the classes, the model still gives "
    "95% of the held-out rows their class"
)


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        ("seen", f"{SEEN}, unless these are exchanged too: the training sees them"),
        (
            "turned",
            TURNED,
        ),
        ("told", TOLD),
        ("memorised", f"{SEEN}, and knows nothing of rows right beside them: it has them by heart"),
        (
            "looked up",
            f"{LOOKED_UP}: it has them by heart",
        ),
    ],
)
def test_known_rows_fail(verdict: Verdict, why: str) -> None:
    """A model that knows the held-out rows is told how, and the way out."""
    ruling = ruling_about(5)
    with pytest.raises(CheckFailed) as failure:
        refuse_known_rows(Taught(verdict, 0.97, 0.953), ruling)
    assert (failure.value.expected, failure.value.found, failure.value.hint) == (
        "scores on rows that the training never saw",
        why,
        KNOWN_HINT,
    )
    assert [(flag.id, flag.text) for flag in ruling.flags] == [("fabricated", why)]


REFUSED = "training is given the held-out rows, and fails on others, so that nothing shows what it learns"
WATCHFUL = (
    "trained on the same values, but in tables of other bytes, without Git's history, what earlier "
    "runs have left and the samples of scikit-learn, there is another model or none: training looks at more "
    "than its rows"
)
SCANT = (
    "training is given the held-out rows, and these are too few, or too nearly all of one class, to show "
    "what it learns"
)
FOLLOWS = "trained on the same rows, the model is another where training finds fewer of the held-out ones"


@pytest.mark.parametrize(
    ("verdict", "told", "hint"),
    [
        ("unmoved", SEEN, "Show the examiner what your model learns from the training rows."),
        ("follows", FOLLOWS, "Show the examiner what your training does with the held-out rows."),
        ("refused", REFUSED, "Show the examiner what your training does with the held-out rows."),
        ("watchful", WATCHFUL, "Show the examiner what your training looks at beside its rows."),
        ("scant", SCANT, "Show the examiner what your training does with the held-out rows."),
    ],
)
def test_a_model_that_does_not_learn_is_open(verdict: Verdict, told: str, hint: str) -> None:
    """Nothing shows why it still knew the rows: the examiner asks."""
    with pytest.raises(Pending) as pending:
        refuse_known_rows(Taught(verdict, 0.97, 0.953), ruling_about(5))
    assert (pending.value.found, pending.value.hint) == (told, hint)


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        ("learns", [("value", "trained on exchanged rows: accuracy 0.123 on the held-out ones")]),
        ("unknown", []),
    ],
)
def test_a_model_that_learns_is_told(verdict: Verdict, told: list[tuple[str, str]]) -> None:
    """It was wrong when it was taught wrong things; where nothing was tried nothing is told."""
    ruling = ruling_about(5)
    refuse_known_rows(Taught(verdict, 0.97, 0.1234), ruling)
    assert facts_of(ruling) == told
    assert ruling.flags == []
