"""Commands that use up the machine, and those that will not end."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace

import pytest

from harness.errors import CheckFailed
from harness.workspace.budget import Budget
from harness.workspace.files import remove_tree
from harness.workspace.workspace import Workspace

from .conftest import SMALL, Attack

MEMORY = "ran out of its 300 MB of memory"
DISK = "ran out of its 120 MB of disk space"
FILES = "made more than 3,000 files"
PROCESSES = "started more than 64 processes or threads at once"
DELETING = """
import mmap, os, time
held = []
for i in range(6):
    f = os.open(str(i), 66); os.unlink(str(i)); os.write(f, bytes(45 << 20))
    """
USING_UP = {
    "memory": ("python -c 'x = bytearray(3 << 30)'", MEMORY),
    "memory-slowly": ("python -c 'x = []\nwhile 1: x.append(bytearray(1 << 20))'", MEMORY),
    "memory-in-many": (
        "for i in 1 2 3 4; do python -c 'import time; x = b\"x\" * (150 << 20); time.sleep(9)' & done; wait",
        MEMORY,
    ),
    "memory-in-a-map": (
        "python -c 'import mmap\nm = mmap.mmap(-1, 800 << 20)\nfor i in range(0, len(m), 4096): m[i] = 1'",
        MEMORY,
    ),
    "forks": ("python -c 'import os, time\nwhile 1: os.fork() or time.sleep(9)'", PROCESSES),
    "threads": (
        "python -c 'import threading, time\nwhile 1: threading.Thread(target=time.sleep, args=(9,)).start()'",
        PROCESSES,
    ),
    "handles": (
        "python -c 'x = []\nwhile 1: x.append(open(\"/dev/null\"))'",
        "had more than 128 files open at once",
    ),
    "a-large-file": ("head -c 100000000 /dev/zero > f", "tried to write a file of more than 60 MB"),
    "a-hole": ("truncate -s 50000000 a b c", DISK),
    "disk": ("for i in 1 2 3 4; do head -c 50000000 /dev/urandom > f$i; done; sleep 9", DISK),
    "disk-in-tmp": ("for i in 1 2 3 4; do head -c 50000000 /dev/urandom > /tmp/f$i; done; sleep 9", DISK),
    "reserved": (
        "python -c 'import os\nfor n in range(400): os.posix_fallocate(os.open(str(n), 66), 0, 50 << 20)'",
        DISK,
    ),
    "disk-without-names": (f"python -c '{DELETING}held.append(f)\ntime.sleep(9)'", DISK),
    "disk-mapped-without-names": (
        f"python -c '{DELETING}held.append(mmap.mmap(f, 45 << 20)); os.close(f)\ntime.sleep(9)'",
        DISK,
    ),
    "files": ("python -c 'for i in range(9000): open(str(i), \"w\").close()'", FILES),
}


@pytest.mark.parametrize("name", USING_UP)
def test_a_limit_is_named(attack: Attack, name: str) -> None:
    """A command that uses up more than it may ends soon, as failed, and the student reads why."""
    script, expected = USING_UP[name]
    begin = time.monotonic()
    done = attack(script, seconds=40)
    assert (done.limit, done.ok, done.timed_out) == (expected, False, False)
    assert expected in done.describe()
    assert time.monotonic() - begin < 40


def test_shared_memory_is_limited(attack: Attack) -> None:
    """Shared memory holds no more than it may."""
    done = attack("head -c 50000000 /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x")
    assert int(done.stdout) <= SMALL.shared


NOBODYS = {
    "a-file-in-memory": "os.write(os.memfd_create('x'), bytes(50 << 20))",
    "system-v": "assert ctypes.CDLL(None).shmget(0, 50 << 20, 0o1600) != -1",
}


@pytest.mark.parametrize("name", NOBODYS)
def test_there_is_no_memory_that_belongs_to_no_process(attack: Attack, name: str) -> None:
    """Memory that no process would be seen to use is refused, so that all of it counts."""
    done = attack(f"python -c \"import ctypes, os; {NOBODYS[name]}; print('got it')\"")
    assert (done.stdout, done.ok) == ("", False)


NEVER_ENDING = {
    "a-loop": "while :; do :; done",
    "sleep": "sleep 1000",
    "deaf": "trap '' TERM INT HUP QUIT; while :; do sleep 1; done",
    "stopped": "kill -STOP $$",
    "a-pipe": "mkfifo p; cat p",
    "output": "yes | head -c 40000000; sleep 100",
    "errors": "yes | head -c 40000000 >&2; sleep 100",
}


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_time_ends_it(attack: Attack, name: str) -> None:
    """A command that does not end is ended, soon after its time."""
    begin = time.monotonic()
    done = attack(NEVER_ENDING[name], seconds=1.5)
    assert done.timed_out
    assert time.monotonic() - begin < 15
    assert sys.getsizeof(done.stdout) < 5_000_000


STAYING = {
    "background": "sleep 1000 & echo done",
    "session": "setsid sleep 1000 & echo done",
    "daemon": "(setsid sh -c 'setsid sleep 1000 & ' &) ; echo done",
    "deaf-daemon": "(setsid sh -c \"trap '' TERM INT HUP; while :; do sleep 1; done\" &) ; echo done",
    "closed-streams": "setsid sleep 1000 >&- 2>&- <&- & echo done",
    "many": "for i in 1 2 3 4 5 6 7 8 9; do setsid sleep 1000 & done; echo done",
    "stopped": "sh -c 'kill -STOP $$' & echo done",
    "late-writer": "(setsid sh -c 'sleep 2; echo late > late' &) ; echo done",
}


@pytest.mark.parametrize("name", STAYING)
def test_nothing_stays(attack: Attack, boxed: Workspace, name: str) -> None:
    """What a command leaves running is dead when it has ended, and writes nothing any more."""
    done = attack(STAYING[name])
    assert (done.stdout, done.ok) == ("done\n", True)
    assert boxed.read("late") is None


KILLING = {
    "parent": "kill -9 $PPID; sleep 1; echo alive",
    "first-process": "kill -9 1; echo alive",
    "everybody": "kill -9 -1; echo alive",
    "stop-parent": "kill -STOP $PPID 1; echo alive",
}


@pytest.mark.parametrize("name", KILLING)
def test_killing_kills_only_itself(attack: Attack, boxed: Workspace, name: str) -> None:
    """Whomever a command kills, the harness has its end, and the next command runs."""
    done = attack(KILLING[name])
    assert done.stdout in {"", "alive\n"}
    assert boxed.run("echo", "next").stdout == "next\n"


LEFT_BEHIND = {
    "unreadable": "mkdir d; touch d/f; chmod 000 d; touch g; chmod 000 g",
    "pipe": "mkfifo p",
    "socket": "python -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"s\")'",
    "odd-names": "touch \"$(printf 'a\\nb')\" \"$(printf '\\377')\" -- -rf ' ' '*'",
    "loop-of-links": "ln -s b a; ln -s a b; ln -s . here",
    "links-out": "ln -s /etc/passwd p; ln -s / root",
    "deep": "for i in $(seq 90); do mkdir d; cd d; done; touch x",
    "home-settings": "rm -f ~/.gitconfig; ln -s /etc/passwd ~/.gitconfig",
    "read-only-repo": "chmod 555 .",
}


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_what_is_left_behind_harms_nobody(attack: Attack, boxed: Workspace, name: str) -> None:
    """Odd files are copied, read and deleted without an error of ours, or fail the check."""
    attack(LEFT_BEHIND[name])
    for path in ("p", "s", "root", "a", "d"):
        found = boxed.read(path)
        assert found is None or b"root:" not in found
        boxed.md5(path)
    try:
        copy = boxed.copy(boxed.root.parent / "copy")
        assert copy.run("echo", "next").stdout == "next\n"
    except CheckFailed:
        return


def test_a_command_beyond_its_limits_fails_in_a_students_words(boxed: Workspace) -> None:
    """What a limit ended is a failed check that names the limit, not an error of ours."""
    with pytest.raises(CheckFailed, match="ran out of its 300 MB of memory") as failure:
        boxed.run("python", "-c", "bytearray(3 << 30)")
    assert failure.value.expected == "`python -c 'bytearray(3 << 30)'` to stay within its limits"


@pytest.mark.parametrize("depth", [150, 2500])
def test_folders_in_folders_are_limited(attack: Attack, boxed: Workspace, depth: int) -> None:
    """Folders too deep for our own tools are a limit like others, and are deleted like others."""
    script = f'python -c \'import os\nfor i in range({depth}): os.mkdir("d"); os.chdir("d")\''
    assert attack(script).limit == "made folders more than 100 deep"
    remove_tree(boxed.root)
    assert not boxed.root.exists()


def test_closed_folders_are_deleted(attack: Attack, boxed: Workspace) -> None:
    """Folders that nobody may enter are deleted all the same."""
    attack("mkdir -p a/b/c; touch a/b/c/f; chmod 000 a/b/c a/b a")
    remove_tree(boxed.root)
    assert not boxed.root.exists()


@pytest.mark.parametrize("path", ["folder/passwd", "folder", "file"])
def test_copies_for_a_single_stage_follow_no_link(attack: Attack, boxed: Workspace, path: str) -> None:
    """What a stage declares is not fetched from outside through links that it has laid."""
    attack("ln -s /etc folder; ln -s /etc/passwd file")
    alone = boxed.copy_only(boxed.root / "alone", (path,))
    assert list(alone.repo.iterdir()) == []


def test_output_is_limited(boxed: Workspace) -> None:
    """A command that prints without end fails its check, and the student reads why."""
    boxed.limits = replace(boxed.limits, printed=1 << 20)
    with pytest.raises(CheckFailed, match="printed more than 1 MB"):
        boxed.run("yes", timeout=30)


@pytest.mark.parametrize("line", ["while :; do :; done", "python -c 'while 1: pass'", "python loop.py"])
def test_processor_time_is_limited(boxed: Workspace, line: str) -> None:
    """A process that computes for longer than it may fails its check, and the student reads why."""
    boxed.limits = replace(boxed.limits, allowance=replace(SMALL, cpu=1))
    boxed.write("loop.py", b"while True: pass\n")
    with pytest.raises(CheckFailed, match="used more than 1 s of processor time"):
        boxed.run("sh", "-c", line, timeout=30)


def test_a_submissions_time_is_limited(boxed: Workspace) -> None:
    """The commands of a submission share their time: what comes when it is spent fails, and says so."""
    boxed.limits = replace(boxed.limits, budget=Budget(1.5))
    boxed.run("true")
    for line in ("sleep 60", "true"):
        with pytest.raises(CheckFailed, match=r"ran past the 1\.5 s that they have together"):
            boxed.run(*line.split())


def test_filling_the_disk_leaves_the_machines_alone(attack: Attack, boxed: Workspace) -> None:
    """Whoever writes as fast as can be is stopped soon after the quota, and all comes back."""
    before = shutil.disk_usage(boxed.root).free
    done = attack("i=0; while :; do i=$((i+1)); head -c 50000000 /dev/zero > f$i; done", seconds=40)
    assert done.limit == DISK
    assert sum(path.stat().st_size for path in boxed.repo.glob("f*")) < 2 << 30
    remove_tree(boxed.root)
    assert before - shutil.disk_usage(boxed.root.parent).free < 1 << 30
