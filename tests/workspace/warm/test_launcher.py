"""The lab's whole workflow, and programs at random: warm and cold give the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.workspace.command import Limits, run
from harness.workspace.warm.launcher import needed_by, programs, shebang, write_clients

from .conftest import Pair, contents

STAGES = """\
stages:
  first: {cmd: python first.py, deps: [first.py, data.txt], params: [first.n], outs: [out.csv]}
  second:
    cmd: mkdir -p m && python second.py && cp m/score.json m/copy.json
    deps: [second.py, out.csv]
    params: [second]
    metrics: [{m/score.json: {cache: false}}]
    outs: [m/copy.json]
"""
FILES = {
    "dvc.yaml": STAGES,
    "params.yaml": "first: {n: 3}\nsecond: {depth: 2}\n",
    "data.txt": "1\n",
    ".gitignore": "/data.txt\n",
    "first.py": "import pandas, yaml\nn = yaml.safe_load(open('params.yaml'))['first']['n']\n"
    "pandas.DataFrame({'x': range(n * 20)}).to_csv('out.csv')\n",
    "second.py": "import json, pandas, yaml\nfrom sklearn.tree import DecisionTreeRegressor as T\n"
    "d = pandas.read_csv('out.csv')\np = yaml.safe_load(open('params.yaml'))['second']['depth']\n"
    "s = T(max_depth=p, random_state=0).fit(d[['x']], d['x']).score(d[['x']], d['x'])\n"
    "json.dump({'score': s}, open('m/score.json', 'w'))\n",
}
COMMANDS = (
    "dvc init -q",
    "dvc add -q data.txt",
    "dvc repro",
    "git add -A",
    "git commit -qm first",
    "git push -q origin main",
    "dvc push",
    "dvc repro",
    "dvc status",
    "dvc exp run -n one -S second.depth=3",
    "dvc exp run -n two -S first.n=5 -S second.depth=1",
    "dvc exp run -n bad -S nothing.there=1",
    "dvc exp apply one",
    "dvc metrics show --json",
    "dvc params diff --json",
    "dvc exp push -q origin one",
    "dvc exp list --name-only origin",
    "git checkout -q -f main",
    "dvc checkout",
    "dvc dag",
    "dvc pull -v",
    "dvc no-such-command",
    "dvc repro no-such-stage",
    "git status --short",
)
SAME_TEXT = frozenset({"dvc status", "dvc dag", "dvc metrics show --json", "dvc params diff --json"})


@pytest.mark.long
def test_the_workflow_gives_the_same(pair: Pair) -> None:
    """Exit codes, started stages, locks, files, caches and remotes of a whole workflow are the same."""
    pair.write(FILES)
    for command in COMMANDS:
        warm, cold = pair.run(*command.split())
        assert (warm.exit_code, warm.stages) == (cold.exit_code, cold.stages), (
            warm.describe() + cold.describe()
        )
        if command in SAME_TEXT:
            assert (warm.stdout, warm.stderr) == (cold.stdout, cold.stderr)
    assert contents(pair.warm) == contents(pair.cold)


LINES = st.sampled_from(
    (
        "print(1)",
        "print(2, file=sys.stderr)",
        "sys.stdout.write('a')",
        "os.write(1, b'b')",
        "atexit.register(print, 'end')",
        "threading.Thread(target=print, args=('t',)).start()",
        "warnings.warn('w')",
        "subprocess.run(['echo', 'c'])",
        "sys.exit(7)",
        "sys.exit('text')",
        "raise ValueError('v')",
        "raise SystemExit(2)",
        "os.kill(os.getpid(), 10)",
        "os._exit(4)",
        "os.chdir('/')",
        "sys.stdout.flush()",
        "x = {}['k']",
        "import numpy",
        "print(os.getcwd(), sys.argv)",
        "os.fork()",
        "sys.excepthook = lambda *a: print('hooked')",
    )
)


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, max_size=8), arguments=st.lists(st.text("a -$é\n'", max_size=4), max_size=2))
def test_random_programs_give_the_same(pair: Pair, lines: list[str], arguments: list[str]) -> None:
    """Programs put together at random end with the same exit code and the same outputs, in any order."""
    text = "\n".join(["import atexit, os, subprocess, sys, threading, warnings", *lines, ""])
    pair.write({"p.py": text})
    warm, cold = pair.run("python", "p.py", *arguments)
    assert warm.exit_code == cold.exit_code
    for one, other in ((warm.stdout, cold.stdout), (warm.stderr, cold.stderr)):
        assert sorted(one.splitlines()) == sorted(other.splitlines())


def test_every_program_has_a_cold_command() -> None:
    """python, python3 and dvc lead to real files."""
    for argv in programs().values():
        assert Path(argv[0]).is_file()


@pytest.mark.parametrize(
    ("text", "found"),
    [("#!/bin/sh\n", None), ("#!/no/python\n", None), ("plain", None), ("#!{0} -I\n", None)],
)
def test_only_plain_python_scripts_are_taken_for_such(tmp_path: Path, text: str, found: str | None) -> None:
    """A first line with options, another program or none is no plain Python script."""
    script = tmp_path / "script"
    script.write_text(text.format(programs()["python"][0]))
    assert shebang(script) == found


def test_an_interpreter_with_a_space_in_its_path_is_started_by_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout may lie in a folder with a space, which the kernel cannot start an interpreter from."""
    interpreter = tmp_path / "a folder" / "python3"
    interpreter.parent.mkdir()
    interpreter.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    write_clients(tmp_path, {name: (str(interpreter),) for name in ("python", "python3", "dvc")})
    done = run((str(tmp_path / "python"), "-c", "print(40 + 2)"), cwd=tmp_path, env={}, limits=Limits())
    assert (done.exit_code, done.stdout) == (0, "42\n"), done.describe()


def test_the_interpreter_of_a_script_of_pips_is_found(tmp_path: Path) -> None:
    """Pip names an interpreter in the first line, or in the second where its path has a space."""
    interpreter = tmp_path / "a folder" / "python3"
    interpreter.parent.mkdir()
    interpreter.touch()
    script = tmp_path / "dvc"
    script.write_text(f"#!/bin/sh\n'''exec' \"{interpreter}\" \"$0\" \"$@\"\n' '''\nimport sys\n")
    assert shebang(script) == str(interpreter)
    script.write_text("#!/bin/sh\nexec python3\n")
    assert shebang(script) is None


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("git status", None),
        ("dvc repro -f --no-run-cache", ("python",)),
        ("dvc exp run -n one", ("python",)),
        ("dvc exp show --json", ()),
        ("dvc pull", ()),
        ("python train.py", ()),
        ("sh -c ./run.sh", ("python", "dvc")),
        ("make", ("python", "dvc")),
    ],
)
def test_only_the_servers_that_a_command_is_likely_to_call_are_hired(
    command: str, needed: tuple[str, ...] | None
) -> None:
    """A command that runs no stage has no server for stages forked into its box."""
    assert needed_by(tuple(command.split())) == needed


def test_what_is_not_hired_starts_cold(pair: Pair) -> None:
    """A script that calls DVC, and another script through a shell, gets the same answers as ever."""
    calls = (
        "import subprocess\nprint(subprocess.run(['{}'], shell=True, capture_output=True, text=True).stdout)"
    )
    pair.write({"a.py": calls.format("dvc --version; python b.py"), "b.py": "print('b')\n"})
    warm, cold = pair.run("python", "a.py")
    assert warm.stdout == cold.stdout
    assert warm.stdout.split()[1:] == ["b"]
