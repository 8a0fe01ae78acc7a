"""A class: many mixed submissions, graded by one warm worker for each core."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import pytest

from fixtures.submissions.build import kept
from harness.workspace.supervisor import parents
from harness.workspace.warm.launcher import chosen_launcher
from tests.benchmarks.grading import graded
from tests.benchmarks.measuring import benchmark, keep, seconds

MIXED = ("reference", "pointer_removed", "params_as_dependency", "fabricated_metrics", "other_names")
SIZE = int(os.environ.get("BENCH_CLASS", "50"))
PAUSE = 0.2
MB = 1 << 20


def worker(submissions: list[str]) -> list[float]:
    """Grade one submission after the other; returns the seconds that each took."""
    with chosen_launcher(cold=False) as launcher:
        return [seconds(lambda one=one: graded(launcher, one, jobs=1)) for one in submissions]  # type: ignore[misc]


def proportional_memory(root: int) -> int:
    """The bytes that a process and all below it have in memory, what they share counted once."""
    below, layer, parent_of = {root}, {root}, parents()
    while layer:
        layer = {pid for pid, parent in parent_of.items() if parent in layer} - below
        below |= layer
    return sum(_pss(pid) for pid in below)


def _pss(pid: int) -> int:
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:")), 0)


def watched(done: threading.Event, peaks: list[int]) -> None:
    """Note the memory of everything below this process until it is done."""
    while not done.wait(PAUSE):
        peaks.append(proportional_memory(os.getpid()) - _pss(os.getpid()))


def graded_by(workers: int, submissions: list[str]) -> list[list[float]]:
    """The seconds that each submission took, by the worker that graded it."""
    shares = [submissions[number::workers] for number in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(worker, shares))


def most_memory(workers: int, submissions: list[str]) -> int:
    """The most bytes that the workers had at one time; looking slows them by a tenth, which is not told."""
    done, peaks = threading.Event(), [0]
    watcher = threading.Thread(target=watched, args=(done, peaks))
    watcher.start()
    try:
        graded_by(workers, submissions)
    finally:
        done.set()
        watcher.join()
    return max(peaks)


@benchmark
@pytest.mark.parametrize(("name", "kinds"), [("class", MIXED), ("class of references", ("reference",))])
def test_class(name: str, kinds: tuple[str, ...]) -> None:
    """Submissions a minute, memory for each worker, and the last submissions against the first."""
    submissions = [str(kept(kind)) for kind in islice(cycle(kinds), SIZE)]
    workers = os.cpu_count() or 1
    begin = time.monotonic()
    taken = graded_by(workers, submissions)
    total = time.monotonic() - begin
    peak = most_memory(workers, submissions[: 2 * workers * len(kinds)])
    late = statistics.median(s for share in taken for s in share[-len(MIXED) :])
    early = statistics.median(s for share in taken for s in share[: len(MIXED)])
    assert sum(map(len, taken)) == SIZE
    keep(
        name,
        {
            "submissions": SIZE,
            "workers": workers,
            "a minute": round(60 * SIZE / total, 1),
            "MB for each worker at its peak": round(peak / workers / MB),
            "last against first": round(late / early, 3),
        },
    )
