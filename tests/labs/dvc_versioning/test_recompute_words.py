"""Classes of other names, and scores that are reported in more than one file."""

from __future__ import annotations

import json

from harness.evidence.scoring import NAMES
from harness.labs.dvc_versioning.recompute import renamed, reported_scores
from harness.workspace.prediction import Way

PLAIN = "the model"


def test_scores_in_a_file_each_are_put_together() -> None:
    """Only where no file has all four, and only if together they have."""
    each = {f"metrics/{name}.json": b'{"%s": 0.5}' % name.encode() for name in NAMES}
    found = reported_scores(each)
    assert found is not None
    assert found.values == dict.fromkeys(NAMES, 0.5)
    whole = json.dumps(dict.fromkeys(NAMES, 0.9)).encode()
    found = reported_scores({**each, "all.json": whole})
    assert found is not None
    assert found.values == dict.fromkeys(NAMES, 0.9)
    found = reported_scores({"accuracy.json": each["metrics/accuracy.json"]})
    assert found is not None
    assert not found.complete
    assert reported_scores({"scores.txt": b""}) is None


def test_classes_of_other_names_are_told_by_the_scores() -> None:
    """Both ways to name them are tried; names that some label has, or that are more than two, stay."""
    words = Way(PLAIN, ("ill", "well", "well"), ("ill", "well"), (0.1, 0.9, 0.8))
    plain, one, other = renamed([words], [0, 1, 1])
    assert plain == words
    assert (one.labels, one.classes, one.chances) == ((0, 1, 1), (0, 1), words.chances)
    assert (other.labels, other.classes) == ((1, 0, 0), (1, 0))
    assert one.name != other.name
    for labels in (["ill", "sound"], [0], [0, 1, 2]):
        assert list(renamed([words], labels)) == [words]
    assert len(list(renamed([Way(PLAIN, ("a", "b", "c"))], [0, 1]))) == 1
