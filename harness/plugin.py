"""The pytest hooks: they see when a grade is asked for, and hand everything over to a session of its own.

A grade runs in a second, inner pytest session with a configuration of its own: no ini file, conftest.py,
option from the environment or plugin of the current directory takes part in its checks.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.labs.asking import INNER, Asked, Misused, grade_asked

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from harness.labs.session import Ending, Finished, Options

OPTIONS = ("submission", "lab", "grade_json", "seed", "jobs", "cold", "require_isolation")
EXIT_CODES: dict[Ending, pytest.ExitCode] = {
    "well": pytest.ExitCode.OK,
    "lost": pytest.ExitCode.TESTS_FAILED,
    "interrupted": pytest.ExitCode.INTERRUPTED,
    "failed": pytest.ExitCode.INTERNAL_ERROR,
    "usage": pytest.ExitCode.USAGE_ERROR,
    "unreadable": pytest.ExitCode.USAGE_ERROR,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a grade; pytest's own ``--strict`` counts pending points as lost in one."""
    group = parser.getgroup("harness", "grading a submission: pytest harness --submission PATH")
    group.addoption("--submission", metavar="PATH", help="a folder, bundle, zip, tar or Git URL")
    group.addoption("--lab", metavar="NAME", help="lab to grade by, or its folder; detected when not named")
    group.addoption("--grade-json", metavar="FILE", type=Path, help="write the grade to this file")
    group.addoption("--seed", metavar="N", type=int, help="draw the scenarios' values from this number")
    group.addoption(
        "--jobs", metavar="N", type=int, help="scenarios side by side; by default as many as cores"
    )
    group.addoption(
        "--cold",
        action="store_true",
        default=None,
        help="start every command from nothing: slow, no surprises",
    )
    group.addoption(
        "--require-isolation",
        action="store_true",
        default=None,
        help="refuse to grade where a submission's commands cannot be isolated",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep the current directory's conftest.py out of a grade."""
    known = early_config.known_args_namespace
    with contextlib.suppress(Misused):
        if not early_config.pluginmanager.hasplugin(INNER) and _asked(early_config, known):
            known.noconftest = True


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Grade instead of running tests, when that is what was typed."""
    if config.option.help or config.pluginmanager.hasplugin(INNER):
        return None
    try:
        asked = _asked(config, config.option)
    except Misused as error:
        raise pytest.UsageError(str(error)) from error
    return _graded(config, asked.lab) if asked else None


def grade(options: Options, arguments: Sequence[str] = (), *, live: bool = True) -> Finished:
    """Grade a submission, with progress and scorecard on standard output; ``arguments`` are for pytest."""
    # Every pytest run on this machine loads this module: what only a grade needs is imported by a grade.
    from harness.labs.inner import run_checks  # noqa: PLC0415
    from harness.labs.session import Session  # noqa: PLC0415
    from harness.reports.console import Printer  # noqa: PLC0415
    from harness.reports.progress import Progress  # noqa: PLC0415
    from harness.reports.scorecard import show_scorecard  # noqa: PLC0415

    atexit.register(gc.freeze)  # to look through everything once more takes a process a tenth of a second
    console = Printer(file=sys.stdout, highlight=False, markup=False, emoji=False)
    with Progress(console, live=live) as progress:
        finished = Session(options, functools.partial(run_checks, arguments=arguments), progress).grade()
    if finished.gradebook:
        show_scorecard(console, finished.grade, finished.gradebook, strict=options.strict)
    return finished


def _asked(config: pytest.Config, values: argparse.Namespace) -> Asked | None:
    options = any(getattr(values, name, None) is not None for name in OPTIONS)
    asked = grade_asked(values.file_or_dir, config.invocation_params.dir, options=options)
    if asked and getattr(values, "numprocesses", None):
        raise Misused("a grade runs its scenarios side by side by itself: leave -n out, or say --jobs N")
    if asked and values.collectonly:
        raise Misused("a grade cannot be collected only: leave --collect-only out")
    return asked


def _graded(config: pytest.Config, lab: str | None) -> int:
    from harness.labs.session import DEFAULT_SEED, Options  # noqa: PLC0415  # see grade()

    option = config.option
    options = Options(
        submission=option.submission,
        lab=option.lab or lab,
        grade_json=option.grade_json,
        seed=DEFAULT_SEED if option.seed is None else option.seed,
        strict="strict=true" in (option.override_ini or []),
        jobs=option.jobs,
        require_isolation=bool(option.require_isolation),
        cold=bool(option.cold),
    )
    try:
        finished = grade(options, config.invocation_params.args)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    if finished.message:
        print(f"ERROR: {finished.message}", file=sys.stderr)  # noqa: T201  # as pytest does it
    return EXIT_CODES[finished.ending]
