"""The pytest session that runs a lab's checks: a result for each, in order, and nothing printed."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.grading.check import CheckMark, mark_of
from harness.grading.plan import Candidate, arrange
from harness.labs.asking import INNER
from harness.labs.outcome import properties, shape
from harness.labs.session import Prepared

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import ModuleType

    from harness.labs.session import Ending

PREPARED = pytest.StashKey[Prepared]()
CONFIGURATION = Path(__file__).with_name("pytest.ini")
FORGOTTEN = ("test_", "conftest")
# This plugin collects garbage five times at the end, which takes as long as a stage.
NO_LAST_COLLECTION = ("-p", "no:unraisableexception")
FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


class Checks:
    """The hooks of the inner session, which pytest knows by ``__name__``."""

    __name__ = INNER

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.gradebook = prepared.gradebook
        self.interrupted = False
        self._seconds: dict[str, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> None:
        """Look for conftest.py in the lab, whatever was typed."""
        early_config.known_args_namespace.file_or_dir = [str(self.prepared.lab.folder)]

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Collect the lab, hand the session to its fixtures, and silence pytest's reporter."""
        config.args = [str(self.prepared.lab.folder)]
        config.stash[PREPARED] = self.prepared
        if not config.option.usepdb:
            config.pluginmanager.unregister(name="terminalreporter")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests in order; a lab that does not fit its rubric runs none."""
        try:
            order = arrange(self.prepared.lab.rubric, [_candidate(n, item) for n, item in enumerate(items)])
        except HarnessError as error:
            self.gradebook.problem(str(error))
            order = []
        items[:] = [items[position] for position in order]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a part of the lab that cannot be collected."""
        if report.failed:
            self.gradebook.broke("collection", f"{report.nodeid} cannot be collected", report.longreprtext)

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Note that pytest or one of these hooks failed."""
        self.gradebook.broke("pytest", f"the checks could not be run: {excinfo.exconly()}", str(excrepr))
        return True

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that somebody ended the session."""
        if type(excinfo.value) is KeyboardInterrupt:
            self.interrupted = True
            self.gradebook.problem("it was interrupted")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Do not start a check that its needs block."""
        mark = mark_on(item)
        if mark.needs == "before":
            self.gradebook.ruling(mark.id).require_needs()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Make a result of how a test ended, and let pytest's other reporters see it."""
        report = yield
        seconds = self._seconds.get(item.nodeid, 0.0) + call.duration
        self._seconds[item.nodeid] = seconds
        if call.excinfo or call.when == "call":
            self._judge(item, call, report, seconds)
        return report

    def _judge(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, seconds: float
    ) -> None:
        ending = call.excinfo.value if call.excinfo else None
        if call.when == "teardown" and ending:
            ending = HarnessError(f"tidying up after the check failed: {type(ending).__name__}: {ending}")
        result = self.gradebook.record(mark_on(item).id, ending, seconds)
        if result.status == "error":
            self.gradebook.tracebacks[result.id] = report.longreprtext
        shape(report, result, item.location)
        item.user_properties[:] = properties(result)
        self.prepared.watcher.checked(result)


def run_checks(prepared: Prepared, arguments: Sequence[str] = ()) -> Ending | None:
    """Run the checks of a prepared session into its gradebook.

    ``arguments`` are pytest's own, as they were typed. Returns None when every check had its turn or the
    gradebook says why not.
    """
    checks = Checks(prepared)
    with _own_environment(), _own_modules():
        code = pytest.main([*arguments, *_settings(prepared)], plugins=[checks, *_plugins()])
    if code == pytest.ExitCode.USAGE_ERROR:
        prepared.gradebook.problem("the checks could not be run with these options")
        return "usage"
    return "interrupted" if checks.interrupted else None


def _settings(prepared: Prepared) -> list[str]:
    """What makes the inner session independent of where and how it was started; the last word counts."""
    folder = str(prepared.lab.folder)
    return [
        *("-c", str(CONFIGURATION), "--rootdir", folder, "--confcutdir", folder),
        *("--import-mode=importlib", "--capture=sys", "--disable-plugin-autoload"),
        *("-p", "no:cacheprovider", *NO_LAST_COLLECTION),
        *("--basetemp", str(prepared.root / "pytest")),
    ]


def _plugins() -> Iterator[ModuleType]:
    """The plugin with the options, and the fixtures for checks: in the package where installed, or beside it.

    They are handed over as modules: for a name, pytest looks through all that is installed.
    """
    fixtures = "harness.fixtures" if importlib.util.find_spec("harness.fixtures") else "fixtures"
    yield from map(importlib.import_module, ("harness.plugin", f"{fixtures}.grading"))


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """Leave pytest's own environment variables out for a while."""
    before = {name: os.environ.pop(name) for name in FOREIGN if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)


@contextlib.contextmanager
def _own_modules() -> Iterator[None]:
    """Forget a lab's test modules, whose names are short, so that the next lab's are not taken for them."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith(FORGOTTEN) and name not in before]:
            del sys.modules[name]


def _candidate(position: int, item: pytest.Item) -> Candidate:
    mark = mark_of(getattr(item, "function", None))
    waits = "transcripts" in getattr(item, "fixturenames", ())
    return Candidate(position, item.nodeid, mark.id if mark else None, waits)


def mark_on(item: pytest.Item) -> CheckMark:
    """Return the mark on a collected test; HarnessError when it carries none."""
    mark = mark_of(getattr(item, "function", None))
    if mark is None:
        raise HarnessError(f"the test {item.nodeid} carries no id; mark it with @check")
    return mark
