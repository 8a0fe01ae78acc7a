"""What happens while a grade is made: a line for each scenario and check, and one that moves."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from harness.reports.safe_text import safe, safe_line
from harness.reports.signs import SIGNS, points_of, sign_of

if TYPE_CHECKING:
    from rich.console import Console

    from harness.grading.result import CheckResult


class Progress:
    """Prints what it is told, also from several threads at a time; between ``with`` and its end."""

    def __init__(self, console: Console, *, live: bool = True) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._judged = 0
        self._expected = 0
        self._line: Live | None = _moving_line(console) if live and console.is_terminal else None

    def __enter__(self) -> Self:
        if self._line:
            self._line.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._line:
            self._line.stop()

    def note(self, text: str) -> None:
        """Print a line, or a few."""
        self._print(Text(safe(text, 4000)))

    def expects(self, checks: int) -> None:
        """Count anew from here: so many checks will be judged."""
        with self._lock:
            self._judged, self._expected = 0, checks
            self._refresh()

    def started(self, name: str, title: str) -> None:  # noqa: ARG002  # a title is too long here
        """Show that a scenario runs."""
        with self._lock:
            self._running.add(name)
            self._refresh()

    def finished(self, name: str, title: str, seconds: float, *, failed: bool) -> None:
        """Print how long a scenario ran, and whether the submission failed in it."""
        line = Text.assemble(("  ran    ", "dim"), f"{seconds:6.1f} s  {safe_line(title)}")
        if failed:
            line.append("  (the submission failed here)", "yellow")
        with self._lock:
            self._running.discard(name)
            self._refresh()
        self._print(line)

    def checked(self, result: CheckResult) -> None:
        """Print what became of a check."""
        points = f"{points_of(result.points)}/{points_of(result.max_points)}"
        sign = sign_of(result.status, self._console)
        head = (f"{sign} {result.status:<7}", SIGNS[result.status].style)
        with self._lock:
            self._judged += 1
            self._refresh()
        self._print(Text.assemble("  ", head, f" {points:>6}  {result.id}"))

    def _print(self, line: Text) -> None:
        with self._lock:
            self._console.print(line, soft_wrap=True)

    def _refresh(self) -> None:
        if self._line:
            done = f"{self._judged} of {self._expected} checks judged"
            self._line.update(_spinner(f"{done}, running: {self._names()}"))

    def _names(self) -> str:
        return ", ".join(map(safe_line, sorted(self._running))) or "nothing"


def _moving_line(console: Console) -> Live:
    return Live(
        _spinner("opening the submission"),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _spinner(text: str) -> Spinner:
    return Spinner("line", Text(text, no_wrap=True, overflow="ellipsis"))
