"""The bounds within which every parser of handed-in files must stay, whatever it is given."""

from __future__ import annotations

import contextlib
import re
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from harness.errors import CheckFailed, MalformedEvidence, Pending, Unreadable

REFUSALS = (MalformedEvidence, Unreadable, CheckFailed, Pending)
# For one file of any size, on one processor: what a grade can bear many times over.
SECONDS = 20.0
MEMORY = 1 << 30
LONGEST_REASON = 2000
MiB = 1 << 20


class TooSlow(BaseException):
    """A parser used more processor time than it may; no parser can take this for an error of its input."""


def verdict(parse: Callable[[bytes], object], data: bytes) -> object:
    """What `parse` makes of `data`, or the refusal that it raised; any other exception is let through.

    Raises:
        TooSlow: it took more than `SECONDS` of processor time.
        MemoryError: it took more than `MEMORY`.
    """
    with within(SECONDS, MEMORY):
        try:
            return parse(data)
        except REFUSALS as raised:
            refusal = raised
    assert len(str(refusal)) <= LONGEST_REASON, "a refusal repeats what it refuses at length"
    return refusal


@contextlib.contextmanager
def within(seconds: float, memory: int) -> Iterator[None]:
    """Limit what this process uses more than now: processor time, and memory of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    before = signal.signal(signal.SIGPROF, _too_slow)
    resource.setrlimit(resource.RLIMIT_DATA, (_used() + memory, hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _too_slow(_: int, frame: FrameType | None) -> None:
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "somewhere"
    raise TooSlow(f"more than {SECONDS:g} s, now at {place}")


def _used() -> int:
    """The bytes of memory of its own that this process has now."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"^VmData:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
