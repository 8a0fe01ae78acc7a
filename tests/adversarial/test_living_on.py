"""Commands that hide in the memory of others, so as to live on when they have ended themselves."""

from __future__ import annotations

import time

import pytest

from harness.workspace.workspace import Workspace

LATE = "/workspace/repo/late"
# A box is kept open by a loop of `sleep`: with another word in its memory it starts another program.
MOVING_IN = f"""
import contextlib, os, stat
with open("/tmp/x", "w") as file:
    file.write("#!/bin/sh\\nwhile :; do echo late > {LATE}; sleep 0.1; done\\n")
os.chmod("/tmp/x", 0o755)
waiting = []
for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()):
    with contextlib.suppress(OSError):
        said = open(f"/proc/{{pid}}/cmdline", "rb").read()
        if said.startswith(b"sleep"):
            waiting.append(pid)
        for row in open(f"/proc/{{pid}}/maps"):
            place, rights, *_ = row.split()
            first, last = (int(number, 16) for number in place.split("-"))
            if "w" in rights:
                with open(f"/proc/{{pid}}/mem", "r+b", 0) as memory:
                    memory.seek(first)
                    found = memory.read(last - first)
                    at = found.find(b"sleep\\0")
                    while at >= 0:
                        memory.seek(first + at)
                        memory.write(b"/tmp/x\\0")
                        at = found.find(b"sleep\\0", at + 1)
for pid in waiting:
    with contextlib.suppress(OSError):
        os.kill(pid, 9)
"""
OPENING = """
import os
for name in filter(str.isdecimal, os.listdir("/proc")):
    try:
        open(f"/proc/{name}/mem", "r+b", 0)
        print("opened", name)
    except OSError:
        pass
"""


def test_nobody_moves_into_the_process_that_keeps_the_box(boxed: Workspace) -> None:
    """A program that is put into the memory of the box's own processes never runs."""
    boxed.write("move.py", MOVING_IN.encode())
    boxed.run("python", "move.py")
    time.sleep(0.5)
    assert boxed.read("late") is None
    assert boxed.run("sh", "-c", f"sleep 0.5; cat {LATE}").stdout == ""


@pytest.mark.parametrize("start", [("python", "open.py"), ("sh", "-c", "python - < open.py")])
def test_no_memory_can_be_opened_for_writing(boxed: Workspace, start: tuple[str, ...]) -> None:
    """Not that of another process, and not its own."""
    boxed.write("open.py", OPENING.encode())
    assert boxed.run(*start, check=True).stdout == ""
