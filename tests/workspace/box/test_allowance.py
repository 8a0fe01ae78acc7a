"""Limits, and the words for those who meet them."""

from __future__ import annotations

import pytest

from harness.workspace.box.allowance import GB, MB, Allowance, sized


@pytest.mark.parametrize(
    ("count", "text"), [(2 * GB, "2 GB"), (1536 * MB, "1.5 GB"), (300 * MB, "300 MB"), (MB // 2, "0.5 MB")]
)
def test_sizes_are_said_as_people_say_them(count: int, text: str) -> None:
    """Gigabytes from one upwards, megabytes below."""
    assert sized(count) == text


@pytest.mark.parametrize(
    ("exit_code", "stderr", "limit"),
    [
        (1, "Traceback …\nMemoryError\n", "ran out of its 2 GB of memory"),
        (1, "numpy._core._exceptions._ArrayMemoryError: Unable to allocate", "ran out of its 2 GB of memory"),
        (153, "", "tried to write a file of more than 1 GB"),
        (1, "OSError: [Errno 27] File too large", "tried to write a file of more than 1 GB"),
        (1, "OSError: [Errno 24] Too many open files: 'x'", "had more than 1,024 files open at once"),
        (2, "sh: 1: Cannot fork", "started more than 512 processes or threads at once"),
        (1, "RuntimeError: can't start new thread", "started more than 512 processes or threads at once"),
        (1, "KeyError: 'x'", None),
        (0, "MemoryError", None),
        (1, "MemoryError" + "x" * 5000, None),
    ],
)
def test_a_failed_command_tells_its_limit(exit_code: int, stderr: str, limit: str | None) -> None:
    """The last words of a command that failed name the limit; those of one that succeeded mean nothing."""
    assert Allowance().met(exit_code, stderr) == limit
