"""What is printed while a grade is made."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

from rich.console import Console

from harness.grading.gradebook import Gradebook
from harness.reports.progress import Progress


def shown(console: Console) -> str:
    """Everything a console in memory has shown."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_scenario_and_check_has_its_line(
    new_console: Callable[..., Console], gradebook: Gradebook
) -> None:
    """A scenario says its seconds, a check its status and points."""
    console = new_console()
    with Progress(console) as progress:
        progress.note("Grading work")
        progress.started("base", "a fresh clone")
        progress.finished("base", "a fresh clone", 1.25, failed=False)
        progress.finished("run", "dvc repro", 12, failed=True)
        progress.checked(gradebook.results["A.partial"])
    assert shown(console).splitlines() == [
        "Grading work",
        "  ran       1.2 s  a fresh clone",
        "  ran      12.0 s  dvc repro  (the submission failed here)",
        "  ◐ partial    4/6  A.partial",
    ]


def test_a_terminal_has_a_line_that_moves(new_console: Callable[..., Console]) -> None:
    """On a terminal the names of what runs are shown, and gone at the end."""
    console = new_console(terminal=True)
    with Progress(console) as progress:
        progress.started("base", "a fresh clone")
    assert "running: base" in shown(console)
    still = new_console(terminal=True)
    with Progress(still, live=False) as progress:
        progress.started("base", "a fresh clone")
    assert shown(still) == ""


def test_the_line_tells_what_is_left(new_console: Callable[..., Console], gradebook: Gradebook) -> None:
    """How many checks of how many are judged; where a grade begins once more, they are counted once more."""
    for again, line in ((False, "1 of 22 checks judged"), (True, "0 of 22 checks judged")):
        console = new_console(terminal=True)
        with Progress(console) as progress:
            progress.expects(22)
            progress.checked(gradebook.results["A.partial"])
            if again:
                progress.expects(22)
        assert line in shown(console)


def test_threads_do_not_mix_their_lines(new_console: Callable[..., Console]) -> None:
    """Scenarios that end at the same time print whole lines."""
    console = new_console(width=200)
    with Progress(console) as progress:
        threads = [
            threading.Thread(target=progress.finished, args=("x", "a" * 50, 1.0), kwargs={"failed": False})
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert shown(console).splitlines() == ["  ran       1.0 s  " + "a" * 50] * 20
