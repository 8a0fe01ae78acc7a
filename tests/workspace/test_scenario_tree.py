"""Scenarios as a tree of workspaces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.errors import CheckFailed, HarnessError, MalformedEvidence, Pending
from harness.workspace.command import Stopped
from harness.workspace.launcher import PlainLauncher
from harness.workspace.scenario import Scenario, ScenarioEvent
from harness.workspace.scenario_tree import ScenarioTree
from harness.workspace.workspace import Workspace

Grow = Callable[..., ScenarioTree]


def empty(root: Path) -> Workspace:
    """A workspace with nothing in it."""
    return Workspace.create(root, repository=None, commit=None, branch="main")


@pytest.fixture
def grow(tmp_path: Path) -> Iterator[Grow]:
    """Plants a tree of scenarios, started, and closes it after the test."""
    trees: list[ScenarioTree] = []

    def plant(
        *scenarios: Scenario, workers: int = 2, **more: Callable[[ScenarioEvent], None]
    ) -> ScenarioTree:
        trees.append(ScenarioTree(scenarios, tmp_path / "tree", empty, workers, **more))
        trees[-1].start()
        return trees[-1]

    yield plant
    for tree in trees:
        tree.close()


def append(word: str) -> Callable[[Workspace], str]:
    """Something to play: adds a line to a file; the facts are the whole file."""

    def play(workspace: Workspace) -> str:
        workspace.run("sh", "-c", f"echo {word} >> words", check=True)
        return (workspace.read("words") or b"").decode()

    return play


def fail(error: Exception) -> Callable[[Workspace], object]:
    """Something to play: runs a command, then raises the error."""

    def play(workspace: Workspace) -> object:
        workspace.run("true")
        raise error

    return play


def test_a_child_goes_on_from_its_parent(grow: Grow) -> None:
    """Each child starts from its parent's finished state, and siblings do not see each other."""
    tree = grow(
        Scenario("root", "Root", append("a")),
        Scenario("left", "Left", append("b"), "root"),
        Scenario("right", "Right", append("c"), "root"),
        Scenario("leaf", "Leaf", append("d"), "left"),
    )
    facts = {transcript.name: transcript.facts for transcript in tree.transcripts()}
    assert facts == {"root": "a\n", "left": "a\nb\n", "right": "a\nc\n", "leaf": "a\nb\nd\n"}


def test_a_transcript_has_only_the_scenarios_own_steps(grow: Grow) -> None:
    """The parent's commands are not repeated in the child's transcript."""
    tree = grow(Scenario("a", "A", append("a")), Scenario("b", "B", append("b"), "a"))
    assert [step.line for step in tree.transcript("b").steps] == ["sh -c 'echo b >> words'"]


def test_a_failure_is_the_childrens_too(grow: Grow) -> None:
    """What builds on a failed scenario does not run, and has the same failure."""
    error = CheckFailed("a", "b")
    tree = grow(
        Scenario("a", "A", fail(error)),
        Scenario("b", "B", append("b"), "a"),
        Scenario("c", "C", append("c"), "b"),
    )
    transcripts = tree.transcripts()
    assert [transcript.failure for transcript in transcripts] == [error, error, error]
    assert [len(transcript.steps) for transcript in transcripts] == [1, 0, 0]


def test_a_follower_goes_on_where_another_left_off(grow: Grow) -> None:
    """It has the other's state and steps of its own, and those that start from the parent see none of it."""
    tree = grow(
        Scenario("root", "Root", append("a")),
        Scenario("first", "First", append("b"), "root"),
        Scenario("next", "Next", append("c"), "root", follows="first"),
        Scenario("last", "Last", append("d"), "root", follows="next"),
        Scenario("other", "Other", append("e"), "root"),
    )
    facts = [transcript.facts for transcript in tree.transcripts()]
    assert facts == ["a\n", "a\nb\n", "a\nb\nc\n", "a\nb\nc\nd\n", "a\ne\n"]
    assert [step.line for step in tree.transcript("last").steps] == ["sh -c 'echo d >> words'"]


@pytest.mark.parametrize(
    "first", [append("b"), fail(CheckFailed("a", "b")), fail(KeyError("x"))], ids=["unfit", "failed", "broke"]
)
@pytest.mark.parametrize(("parent", "expected"), [("root", "a\nc\n"), (None, "c\n")])
def test_a_follower_starts_anew_where_nothing_fit_was_left(
    grow: Grow, first: Callable[[Workspace], object], parent: str | None, expected: str
) -> None:
    """From a copy of its parent, whatever became of the one that it follows."""
    tree = grow(
        Scenario("root", "Root", append("a")),
        Scenario("first", "First", first, parent),
        Scenario("next", "Next", append("c"), parent, follows="first", fit=lambda one: one.facts == "other"),
    )
    assert tree.transcript("next").facts == expected


def test_followers_fail_with_their_parent(grow: Grow) -> None:
    """Nothing below a failed scenario is played."""
    error = CheckFailed("a", "b")
    tree = grow(
        Scenario("root", "Root", fail(error)),
        Scenario("first", "First", append("b"), "root"),
        Scenario("next", "Next", append("c"), "root", follows="first"),
    )
    assert [transcript.failure for transcript in tree.transcripts()] == [error, error, error]


def test_evidence_that_is_missing_or_malformed_is_a_failure(grow: Grow) -> None:
    """Pending evidence stays pending; a file that cannot be read is a failed expectation."""
    pending = Pending("none", "hand it in")
    tree = grow(
        Scenario("a", "A", fail(pending)), Scenario("b", "B", fail(MalformedEvidence("dvc.lock", "no YAML")))
    )
    malformed = tree.transcript("b").failure
    assert tree.transcript("a").failure is pending
    assert isinstance(malformed, CheckFailed)
    assert (malformed.expected, malformed.found) == ("dvc.lock that can be read", "no YAML")


def test_any_other_exception_is_ours(grow: Grow) -> None:
    """A programming error in a scenario is told as the harness's, for its children too."""
    tree = grow(Scenario("a", "A", fail(KeyError("x"))), Scenario("b", "B", append("b"), "a"))
    for name in ("a", "b"):
        with pytest.raises(HarnessError, match=f"scenario '{name}' broke: KeyError"):
            tree.transcript(name)


class Sticky(PlainLauncher):
    """Cannot let go of what it keeps running."""

    def leave(self, root: Path) -> None:
        """Fail."""
        raise OSError(f"cannot leave {root.name}")


def test_a_workspace_that_cannot_be_left_is_told(grow: Grow) -> None:
    """Whoever waits for the scenario, or for one below it, gets the exception and does not wait for ever."""

    def play(workspace: Workspace) -> None:
        workspace.launcher = Sticky()

    tree = grow(Scenario("root", "Root", play), Scenario("leaf", "Leaf", append("a"), "root"))
    for name in ("leaf", "root"):
        with pytest.raises(HarnessError, match="cannot leave root"):
            tree.transcript(name)


def test_independent_scenarios_run_side_by_side(grow: Grow) -> None:
    """With two workers, two scenarios meet in the middle."""
    meeting = threading.Barrier(2, timeout=20)
    tree = grow(
        Scenario("a", "A", lambda _: meeting.wait() >= 0), Scenario("b", "B", lambda _: meeting.wait() >= 0)
    )
    assert [transcript.facts for transcript in tree.transcripts()] == [True, True]


def test_what_is_listed_first_begins_first(grow: Grow) -> None:
    """Of all that can begin: the branches that are listed first are those that take longest."""
    order: list[str] = []

    def note(name: str) -> Callable[[Workspace], object]:
        return lambda _: order.append(name)

    tree = grow(
        Scenario("a", "A", note("a")),
        Scenario("b", "B", note("b"), "a"),
        Scenario("c", "C", note("c")),
        Scenario("d", "D", note("d"), "b"),
        Scenario("e", "E", note("e")),
        workers=1,
    )
    tree.transcripts()
    assert order == ["a", "b", "c", "d", "e"]


def test_folders_go_as_soon_as_nobody_needs_them(grow: Grow, tmp_path: Path) -> None:
    """A parent's folder is deleted once its children have copied it, a leaf's when it has finished."""
    seen: list[list[str]] = []

    def look(_: Workspace) -> None:
        seen.append(sorted(path.name for path in (tmp_path / "tree").iterdir()))

    tree = grow(
        Scenario("a", "A", append("a")),
        Scenario("b", "B", look, "a"),
        Scenario("c", "C", look, "b"),
        Scenario("d", "D", look, "c"),
        Scenario("e", "E", look, "c", follows="d"),
        workers=1,
    )
    tree.transcripts()
    assert seen == [["b"], ["c"], ["c", "d"], ["d"]]
    tree.close()
    assert not (tmp_path / "tree").exists()


def test_the_listener_hears_of_start_and_end(grow: Grow) -> None:
    """Each scenario that runs is told when it starts and when it finishes, with its time and outcome."""
    heard: list[ScenarioEvent] = []
    tree = grow(
        Scenario("a", "A", append("a")),
        Scenario("b", "B", fail(CheckFailed("x", "y"))),
        workers=1,
        listener=heard.append,
    )
    tree.transcripts()
    assert [(event.kind, event.name, event.failed) for event in heard] == [
        ("started", "a", False),
        ("finished", "a", False),
        ("started", "b", False),
        ("finished", "b", True),
    ]
    assert heard[1].seconds > 0


def test_close_kills_what_runs_and_calls_off_what_waits(grow: Grow, tmp_path: Path) -> None:
    """Closing ends a running command at once; nothing more begins, and no folder is left."""
    running = threading.Event()

    def sleep(workspace: Workspace) -> None:
        running.set()
        workspace.run("sleep", "60")

    tree = grow(
        Scenario("a", "A", sleep),
        Scenario("b", "B", append("b")),
        Scenario("c", "C", append("c"), "a"),
        workers=1,
    )
    assert running.wait(20)
    begin = time.monotonic()
    tree.close()
    assert time.monotonic() - begin < 10
    for name in ("a", "b", "c"):
        with pytest.raises(Stopped):
            tree.transcript(name)
    assert not (tmp_path / "tree").exists()


def test_an_unknown_scenario_is_named(grow: Grow) -> None:
    """Asking for a scenario that is not there says which ones are."""
    with pytest.raises(HarnessError, match="no scenario 'z'; there are a"):
        grow(Scenario("a", "A", append("a"))).transcript("z")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([("a", None, None), ("a", None, None)], "two scenarios are named 'a'"),
        ([("b", "a", None), ("a", None, None)], "not listed before it"),
        ([("a", None, None), ("b", None, "c")], "'b' cannot follow 'c'"),
        ([("a", None, None), ("b", "a", None), ("c", None, "b")], "'c' cannot follow 'b'"),
        ([("a", None, None), ("b", "a", None), ("c", None, "a")], "'c' cannot follow 'a'"),
        ([("a", None, None), ("b", None, "a"), ("c", None, "a")], "'c' cannot follow 'a'"),
        ([("a", None, None), ("b", None, "a"), ("c", "a", None)], "'c' cannot build on 'a'"),
    ],
)
def test_a_tree_that_cannot_grow_is_refused(
    grow: Grow, names: list[tuple[str, str | None, str | None]], message: str
) -> None:
    """Doubled names, and orders in which not all can be played, are our mistakes, told at once."""
    with pytest.raises(HarnessError, match=message):
        grow(*(Scenario(name, name, append("x"), parent, first) for name, parent, first in names))
