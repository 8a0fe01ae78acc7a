"""What a fork may pass for, and what is started cold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.workspace.files import make_folder_inside
from harness.workspace.warm.launcher import WarmLauncher
from harness.workspace.workspace import Workspace

from .conftest import Pair

LOADED = "import sys\nprint('sklearn.ensemble' in sys.modules)\n"


def loaded(workspace: Workspace, *argv: str) -> str:
    """What a script prints that tells whether it runs in a fork."""
    workspace.write("loaded.py", LOADED.encode())
    workspace.write("folder/loaded.py", LOADED.encode())
    done = workspace.run(*argv)
    return done.stdout.strip() or done.describe()


@pytest.mark.parametrize(
    "command",
    [
        "python loaded.py",
        "python3 loaded.py x",
        "cd folder && python ../loaded.py",
        "env A=1 python loaded.py",
        "umask 077; exec python loaded.py",
    ],
)
def test_a_plain_script_runs_warm(pair: Pair, command: str) -> None:
    """`python script.py` is a fork, started by the harness or by a command."""
    assert loaded(pair.warm, "sh", "-c", command) == "True"


@pytest.mark.parametrize(
    "command",
    [
        "python -c \"exec(open('loaded.py').read())\"",
        "python -m loaded",
        "python -X dev loaded.py",
        "python -E loaded.py",
        "python - < loaded.py",
        "python ./folder/loaded.py <&-",
        "python < loaded.py",
        "PYTHONPATH=. python loaded.py",
        "OMP_NUM_THREADS=1 python loaded.py",
        "LC_ALL=C python loaded.py",
        "TZ=Asia/Tokyo python loaded.py",
        "touch yaml.py; python loaded.py",
        "mkdir numpy; touch numpy/__init__.py; python loaded.py",
        "cp loaded.py loaded; python loaded",
        'mkdir -p "$(python -m site --user-site)"; python loaded.py',
    ],
)
def test_what_a_fork_cannot_do_runs_cold(pair: Pair, command: str) -> None:
    """Options, variables that matter at the start and shadowed modules need a fresh interpreter."""
    assert loaded(pair.warm, "sh", "-c", command) == "False"


@pytest.mark.parametrize(
    "command",
    [
        "python missing.py",
        "python folder",
        "python -m missing",
        "python -c 'import sys; sys.exit(9)'",
        "dvc no",
    ],
)
def test_a_cold_start_gives_what_it_gives(pair: Pair, command: str) -> None:
    """What goes cold ends as it would without a warm interpreter."""
    for workspace in (pair.warm, pair.cold):
        make_folder_inside(workspace.repo, "folder")
    warm, cold = pair.run("sh", "-c", command)
    assert (warm.exit_code, warm.stdout, warm.stderr) == (cold.exit_code, cold.stdout, cold.stderr)


def test_a_module_beside_the_script_wins(pair: Pair) -> None:
    """A student's own yaml.py is imported, not the preloaded library."""
    pair.write({"yaml.py": "print('mine')\n", "p.py": "import yaml\n"})
    warm, cold = pair.run("python", "p.py")
    assert warm.stdout == cold.stdout == "mine\n"


def test_nothing_is_carried_over(pair: Pair) -> None:
    """What a script does to its interpreter is gone with it."""
    text = "import os, numpy\n"
    text += "print(hasattr(numpy, 'mine'), os.environ.get('A'))\nnumpy.mine = os.environ['A'] = 'b'\n"
    pair.write({"p.py": text})
    assert [pair.warm.run("python", "p.py").stdout for _ in range(3)] == ["False None\n"] * 3


def test_random_numbers_differ_from_run_to_run(pair: Pair) -> None:
    """Without a seed, numpy, random and uuid give something else each time."""
    pair.write(
        {"p.py": "import numpy as n, random as r, uuid\nprint(n.random.rand(), r.random(), uuid.uuid4())\n"}
    )
    words = [pair.warm.run("python", "p.py").stdout.split() for _ in range(4)]
    assert all(len(set(column)) == 4 for column in zip(*words, strict=True))


def test_a_terminated_client_ends_its_script(pair: Pair) -> None:
    """A signal sent to a nested `python` reaches the script, which may handle it."""
    worker = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'asked to end'), sys.exit(4)))\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    boss = (
        "import subprocess\np = subprocess.Popen(['python', 'w.py'], stdout=subprocess.PIPE, text=True)\n"
        "import time\n"
        "print(p.stdout.readline()); time.sleep(0.3); p.terminate(); print(p.communicate(), p.returncode)\n"
    )
    pair.write({"w.py": worker, "boss.py": boss})
    warm, cold = pair.run("python", "boss.py")
    assert warm.describe() == cold.describe()


def test_a_killed_client_takes_its_script_along(pair: Pair) -> None:
    """Killing a nested `python` leaves no script behind that goes on working."""
    pair.write({"w.py": "import time\nprint('ready', flush=True)\ntime.sleep(2)\nopen('late', 'w')\n"})
    pair.write(
        {
            "boss.py": "import subprocess as s, time\np = s.Popen(['python', 'w.py'], stdout=s.PIPE)\n"
            "p.stdout.readline(); p.kill(); print(p.wait()); time.sleep(3)\n"
        }
    )
    assert pair.warm.run("python", "boss.py").stdout == "-9\n"
    assert pair.warm.read("late") is None


def test_hash_order_is_the_same_each_time(make: Callable[..., Workspace], warm: WarmLauncher) -> None:
    """Two workspaces of one grade see sets in the same order."""
    seen = set()
    for _ in range(2):
        workspace = make(warm)
        workspace.write("p.py", b"print(list({'a', 'b', 'c', 'd', 'e'}))\n")
        seen.add(workspace.run("python", "p.py").stdout)
    assert len(seen) == 1
