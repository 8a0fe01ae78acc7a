"""Playing scenarios as a tree, independent branches side by side."""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from harness.errors import HarnessError
from harness.workspace.command import Stopped
from harness.workspace.files import remove_tree
from harness.workspace.scenario import ScenarioEvent, Transcript, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from harness.errors import CheckFailed, Pending
    from harness.workspace.scenario import Scenario
    from harness.workspace.workspace import Workspace


def _ignore(_: ScenarioEvent) -> None:
    """The listener of a tree that nobody watches."""


class ScenarioTree:
    """Plays scenarios, independent branches side by side on `workers` threads.

    Of those that can begin, the one that is listed first does: list the longest branches first. What takes
    time to list them is done while the first ones run, none of which ends before all are known.
    `start` makes the workspace of a scenario without a parent, in the folder it is given. All folders lie
    below `root`; each is deleted as soon as no scenario needs it. `listener` is called from the threads.
    """

    def __init__(
        self,
        scenarios: Iterable[Scenario],
        root: Path,
        start: Callable[[Path], Workspace],
        workers: int = 1,
        listener: Callable[[ScenarioEvent], None] = _ignore,
    ) -> None:
        self._listed = scenarios
        self._scenarios: dict[str, Scenario] = {}
        self._all_known = threading.Event()
        self._root = root
        self._start = start
        self._listener = listener
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="scenario")
        self._results: dict[str, Future[Transcript]] = {}
        self._needed: Counter[str] = Counter()
        self._workspaces: dict[str, Workspace] = {}
        self._ranks: dict[str, int] = {}
        self._ready: list[tuple[int, str]] = []
        self._lock = threading.Lock()
        self._stops: list[threading.Event] = []
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def names(self) -> frozenset[str]:
        """The names of the scenarios that are known."""
        return frozenset(self._scenarios)

    def start(self) -> None:
        """Begin with each scenario that has no parent as soon as it is listed; returns when all are.

        Raises:
            HarnessError: two scenarios share a name; one that another starts from or follows is missing or
                stands after it; one is followed that has children, or by two.
        """
        try:
            for scenario in self._listed:
                self._take_in(scenario)
        finally:
            self._all_known.set()

    def transcript(self, name: str) -> Transcript:
        """Wait for a scenario and return what it did.

        Raises:
            HarnessError: the scenario or one it builds on broke by our fault, was stopped, or is unknown.
        """
        if name not in self._results:
            raise HarnessError(f"there is no scenario {name!r}; there are {', '.join(self._results)}")
        try:
            return self._results[name].result()
        except HarnessError:
            raise
        except CancelledError as error:
            raise Stopped(f"scenario {name!r} was stopped before it began") from error
        except Exception as error:
            raise HarnessError(f"scenario {name!r} broke: {type(error).__name__}: {error}") from error

    def transcripts(self) -> tuple[Transcript, ...]:
        """Wait for all scenarios and return what they did, in the order given."""
        return tuple(self.transcript(name) for name in self._scenarios)

    def close(self) -> None:
        """Kill what runs, call off what waits, and delete every folder; may be called more than once."""
        self._all_known.set()
        with self._lock:
            self._closed = True
            for stop in self._stops:
                stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for result in self._results.values():
            result.cancel()
        remove_tree(self._root)

    def _children(self, parent: str) -> list[Scenario]:
        return [scenario for scenario in self._scenarios.values() if scenario.parent == parent]

    def _follower(self, name: str) -> Scenario | None:
        return next((one for one in self._scenarios.values() if one.follows == name), None)

    def _take_in(self, scenario: Scenario) -> None:
        _refuse_misplaced(scenario, self._scenarios)
        self._ranks[scenario.name] = len(self._ranks)
        self._results[scenario.name] = Future()
        self._scenarios[scenario.name] = scenario
        if scenario.parent is not None:
            self._needed[scenario.parent] += 1
        elif scenario.follows is None:
            self._submit(scenario)

    def _begin_below(self, parent: str) -> None:
        for child in self._children(parent):
            if child.follows is None:
                self._submit(child)

    def _submit(self, scenario: Scenario) -> None:
        with self._lock:
            heapq.heappush(self._ready, (self._ranks[scenario.name], scenario.name))
        with suppress(RuntimeError):  # the pool is closed: nothing begins any more
            self._pool.submit(self._run)

    def _run(self) -> None:
        """Play the first that is ready and those that follow it, one after the other in this thread."""
        with self._lock:
            _, name = heapq.heappop(self._ready)
        scenario: Scenario | None = self._scenarios[name]
        left = None
        while scenario is not None:
            left = self._run_one(scenario, left)
            scenario = self._follower(scenario.name)

    def _run_one(self, scenario: Scenario, left: Workspace | None) -> Workspace | None:
        """Play one scenario and tell those who wait; returns what the follower may go on in."""
        workspace, kept = left, None
        try:
            self._listener(ScenarioEvent("started", scenario.name, scenario.title))
            begin = time.monotonic()
            workspace = self._workspace(scenario, left)
            transcript = play(scenario, workspace, begin)
            self._all_known.wait()
            follower = self._follower(scenario.name)
            if follower is not None and follower.fit(transcript):
                kept = workspace
            else:
                workspace.leave()
            self._announce(transcript)
        except BaseException as error:  # noqa: BLE001 (whatever broke is told to those who wait)
            self._all_known.wait()
            kept = None
            self._fail(scenario, error)
        else:
            self._settle(transcript, workspace)
        if kept is None:
            self._release(scenario, workspace)
        return kept

    def _settle(self, transcript: Transcript, workspace: Workspace) -> None:
        """Give those who wait the transcript, and begin what starts from it."""
        self._workspaces[transcript.name] = workspace
        self._results[transcript.name].set_result(transcript)
        if transcript.failure is None:
            self._begin_below(transcript.name)
        else:
            self._pass_on(transcript.name, transcript.failure)

    def _workspace(self, scenario: Scenario, left: Workspace | None) -> Workspace:
        """The workspace to play in: the one `left` by the scenario that this one follows, or its own."""
        root, parent = self._root / scenario.name, scenario.parent
        if left is not None:
            workspace = left
        elif parent is None:
            workspace = self._start(root)
        else:
            workspace = self._workspaces[parent].copy(root)
        if parent is not None:
            self._let_go(self._workspaces[parent], parent)
        with self._lock:
            if self._closed:
                raise Stopped(f"scenario {scenario.name!r} was stopped")
            self._stops.append(workspace.limits.stop)
        return workspace

    def _let_go(self, parent: Workspace, name: str) -> None:
        """Delete a parent's folder once its last child has copied it."""
        with self._lock:
            self._needed[name] -= 1
            last = self._needed[name] == 0
        if last:
            remove_tree(parent.root)

    def _release(self, scenario: Scenario, workspace: Workspace | None) -> None:
        """Delete the folder of a scenario that no child will start from."""
        result = self._results[scenario.name]
        ended_badly = result.exception() is not None or result.result().failure is not None
        if workspace is not None and ended_badly:
            workspace.leave()
        if workspace is not None and (ended_badly or not self._children(scenario.name)):
            remove_tree(workspace.root)

    def _announce(self, transcript: Transcript) -> None:
        failed = transcript.failure is not None
        event = ScenarioEvent("finished", transcript.name, transcript.title, transcript.seconds, failed)
        self._listener(event)

    def _pass_on(self, parent: str, failure: CheckFailed | Pending) -> None:
        """Give everything below a failed scenario its failure, without running it."""
        for child in self._children(parent):
            transcript = Transcript(child.name, child.title, (), None, failure, 0.0)
            self._results[child.name].set_result(transcript)
            self._pass_on(child.name, failure)

    def _fail(self, scenario: Scenario, error: BaseException) -> None:
        """Give a broken scenario and everything below it the exception."""
        self._results[scenario.name].set_exception(error)
        for child in self._children(scenario.name):
            self._fail(child, error)


def _refuse_misplaced(scenario: Scenario, before: Mapping[str, Scenario]) -> None:
    """HarnessError unless a scenario has a name of its own and can start from, or follow, what is there."""
    if scenario.name in before:
        raise HarnessError(f"two scenarios are named {scenario.name!r}")
    name, parent, first = scenario.name, scenario.parent, before.get(str(scenario.follows))
    followed = {one.follows for one in before.values()}
    if parent is not None and parent not in before:
        raise HarnessError(f"{name!r} builds on {parent!r}, which is not listed before it")
    if parent is not None and parent in followed:
        raise HarnessError(f"{name!r} cannot build on {parent!r}, whose workspace goes on to a follower")
    parents = {one.parent for one in before.values()}
    fit = first is not None and first.parent == parent and first.name not in followed | parents
    if scenario.follows is not None and not fit:
        raise HarnessError(
            f"{name!r} cannot follow {scenario.follows!r}: list that one before it, with the same parent, "
            "no children and no other follower"
        )
