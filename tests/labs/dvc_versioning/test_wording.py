"""Sentences: commits by seven digits, lists that end, graphs by their edges."""

from __future__ import annotations

from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.wording import drawing, listed, short
from tests.labs.dvc_versioning.conftest import PLAIN


def test_a_commit_is_seven_digits() -> None:
    """People name a commit by its first seven digits."""
    assert short("0123456789" * 4) == "0123456"


def test_a_list_names_five_and_counts_the_rest() -> None:
    """A list of 28,000 files is a line, not a page."""
    assert listed(f"f{number}" for number in range(28_000)) == "f0, f1, f2, f3, f4, 27995 more"
    assert listed("abcde") == "a, b, c, d, e"
    assert not listed([])


def test_a_graph_is_drawn_by_its_edges() -> None:
    """Edges come in the order in which the stages run."""
    assert drawing(PLAIN) == "split → fit; split → score; fit → score"


def test_stages_without_edges_are_said_to_have_none() -> None:
    """Unjoined stages are no empty line."""
    assert drawing(Pipeline(PLAIN.stages[:1])) == "no edges"
