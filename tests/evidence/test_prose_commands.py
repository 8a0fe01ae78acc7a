"""`dvc exp run` commands in shells, texts and Python."""

from __future__ import annotations

import pytest

from harness.evidence.prose_commands import MAX_SWEEP, Command, commands_in
from harness.evidence.prose_names import Names

NAMES = Names(frozenset({"fit.size", "fit.depth", "split"}), frozenset())


def _sets(text: str) -> list[dict[str, object]]:
    return [dict(command.params) for command in commands_in(text.splitlines(), NAMES)]


@pytest.mark.parametrize(
    "text",
    [
        "dvc exp run -S fit.size=5 -S fit.depth=2",
        "$ dvc exp run -n five --set-param fit.size=5 --set-param=fit.depth=2",
        "dvc experiments run -Sfit.size=5 -S 'fit.depth=2'",
        'dvc exp run -S "params.yaml:fit.size=5" -S +fit.depth=2 && echo done',
        "dvc exp run \\\n  -S fit.size=5 \\\n  -S fit.depth=2",
        "dvc exp run ^\n  -S fit.size=5 ^\n  -S fit.depth=2",
        "dvc exp run `\n  -S fit.size=5 `\n  -S fit.depth=2",
        'run(["dvc", "exp", "run", "-S", "fit.size=5", "-S", "fit.depth=2"])',
        "    os.system('dvc exp run -S fit.size=5 -S fit.depth=2')",
        "* `dvc exp run -S fit.size=5 -S fit.depth=2` gave more",
        "dvc exp run -S size=5 -S depth=2; ls",
    ],
)
def test_a_command_in_each_form(text: str) -> None:
    """Options, quotes, continued lines and lists of words name the same set."""
    assert _sets(text) == [{"fit.size": 5, "fit.depth": 2}]


@pytest.mark.parametrize(
    "text",
    [
        "dvc exp run",
        "dvc exp run -S other=1",
        "dvc exp show -S fit.size=5",
        "dvc repro -S fit.size=5",
        "dvc exp run -S fit.size=$n",
        "dvc exp run -S fit.size={n}",
        "dvc exp run -S fit.size=<value>",
    ],
)
def test_no_set_without_a_known_value(text: str) -> None:
    """Unknown keys, other commands and open variables give nothing."""
    assert _sets(text) == []


def test_the_line_is_the_commands_first() -> None:
    """A command is found where it begins."""
    lines = ["echo", "dvc exp run \\", " -S fit.size=5", "dvc exp run -S fit.size=6"]
    assert commands_in(lines, NAMES) == (Command(2, {"fit.size": 5}), Command(4, {"fit.size": 6}))


def test_two_commands_in_one_line() -> None:
    """Each command has its own settings."""
    assert _sets("dvc exp run -S fit.size=5; dvc exp run -S fit.size=6") == [{"fit.size": 5}, {"fit.size": 6}]


def test_sweeps_and_loops_are_spelled_out() -> None:
    """A comma's choices and a shell loop's words are a set each, in every combination."""
    assert _sets("dvc exp run --queue -S fit.size=1,2 -S fit.depth=3") == [
        {"fit.size": 1, "fit.depth": 3},
        {"fit.size": 2, "fit.depth": 3},
    ]
    loop = "for n in 1 2; do\n for d in 3 4; do dvc exp run -S fit.size=$n -S fit.depth=${d}; done\ndone"
    assert [tuple(one.values()) for one in _sets(loop)] == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_sweeps_have_an_end() -> None:
    """A sweep of a million sets is cut."""
    many = ",".join(map(str, range(50)))
    assert len(_sets(f"dvc exp run -S fit.size={many} -S fit.depth={many} -S split={many}")) == MAX_SWEEP
