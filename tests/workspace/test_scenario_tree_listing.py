"""Scenarios that run while others are still being listed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.errors import CheckFailed, HarnessError
from harness.workspace.scenario import Scenario
from harness.workspace.scenario_tree import ScenarioTree
from harness.workspace.workspace import Workspace
from tests.workspace.test_scenario_tree import append, empty, fail

LONG = 20.0


def ending(tree: ScenarioTree, name: str) -> object:
    """What became of a scenario: its failure, or what broke it."""
    try:
        return tree.transcript(name).failure
    except HarnessError as error:
        return error.__cause__


def test_the_first_runs_while_others_are_listed(tmp_path: Path) -> None:
    """A list that takes its time is no reason to wait, and what is listed late starts from what is done."""
    running = threading.Event()

    def first(workspace: Workspace) -> object:
        running.set()
        return append("a")(workspace)

    def listed() -> Iterator[Scenario]:
        yield Scenario("a", "A", first)
        assert running.wait(LONG)
        yield Scenario("b", "B", append("b"), "a")
        yield Scenario("c", "C", append("c"), "a", follows="b")

    with ScenarioTree(listed(), tmp_path / "tree", empty) as tree:
        tree.start()
        assert [one.facts for one in tree.transcripts()] == ["a\n", "a\nb\n", "a\nb\nc\n"]
        assert tree.names == {"a", "b", "c"}


@pytest.mark.parametrize("play", [fail(CheckFailed("x", "y")), fail(KeyError("z"))])
def test_nothing_ends_before_all_are_listed(tmp_path: Path, play: Callable[[Workspace], object]) -> None:
    """However early the first has failed or broken, it does so for those that are listed after it."""
    over = threading.Event()

    def first(workspace: Workspace) -> object:
        try:
            return play(workspace)
        finally:
            over.set()

    def listed() -> Iterator[Scenario]:
        yield Scenario("a", "A", first)
        assert over.wait(LONG)
        time.sleep(0.1)
        yield Scenario("b", "B", append("b"), "a")

    with ScenarioTree(listed(), tmp_path / "tree", empty) as tree:
        tree.start()
        assert ending(tree, "a") is ending(tree, "b") is not None


def test_a_workspace_that_cannot_be_made_is_told_to_all(tmp_path: Path) -> None:
    """Also to those that were not listed yet when it could not."""
    tried = threading.Event()

    def refuse(_: Path) -> Workspace:
        tried.set()
        raise OSError("no room")

    def listed() -> Iterator[Scenario]:
        yield Scenario("a", "A", append("a"))
        assert tried.wait(LONG)
        time.sleep(0.1)
        yield Scenario("b", "B", append("b"), "a")

    with ScenarioTree(listed(), tmp_path / "tree", refuse) as tree:
        tree.start()
        assert [type(ending(tree, name)) for name in "ab"] == [OSError, OSError]


def test_a_list_that_breaks_off(tmp_path: Path) -> None:
    """The error is told at once, what has begun comes to its end, and nothing is left."""

    def listed() -> Iterator[Scenario]:
        yield Scenario("a", "A", append("a"))
        raise HarnessError("the list is lost")

    with ScenarioTree(listed(), tmp_path / "tree", empty) as tree:
        with pytest.raises(HarnessError, match="the list is lost"):
            tree.start()
        assert tree.transcript("a").facts == "a\n"
    assert not (tmp_path / "tree").exists()
