"""Runs mutmut on tests that are collected once; its own runner starts pytest anew for each mutant.

To start pytest and find a mutant's tests again takes several times as long as to run them. Here the tests are
collected before the first mutant, each mutant has a fork of that process, and everything else is mutmut's.
"""

from __future__ import annotations

import functools
import itertools
import os
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import mutmut.__main__ as mutmut
import pytest
from mutmut.runners.harness import PytestRunner
from mutmut.utils.file_utils import change_cwd
from mutmut.workers.isolation import ForkRunner, get_mutant_runner

if TYPE_CHECKING:
    from collections.abc import Iterable


MODULES = ["--import-mode=importlib"]  # as pyproject.toml has it, whose `addopts` are not read here
SAMPLED = 20  # of so many tests one is run again before the first mutant


class CollectedTests(PytestRunner):
    """Collects the tests of the selection at the first use, and runs some of them in this process."""

    @functools.cached_property
    def session(self) -> pytest.Session:
        """The session that has collected the tests; raises SystemExit where one of them cannot be read."""
        selection = [*self._pytest_add_cli_args_test_selection, *self._pytest_add_cli_args]
        with redirect_stdout(Path(os.devnull).open("w", encoding="utf-8")):
            config = pytest.Config.fromdictargs(
                {}, ["--rootdir=.", "--tb=native", "-q", "-s", *MODULES, *selection]
            )
            config._do_configure()  # noqa: SLF001 - what `pytest.main` does before it collects
            session = pytest.Session.from_config(config)
            config.hook.pytest_sessionstart(session=session)
            config.hook.pytest_collection(session=session)
        if session.testsfailed:
            raise SystemExit("the tests cannot be collected: run them without mutants")
        return session

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        """Return 1 as soon as a test fails, 0 when none does; no names mean all tests.

        The run without a mutant, which must pass, goes the same way, and so does the one in which each fails.
        """
        del mutant_name  # mutmut has set it
        with change_cwd("mutants"):
            items = {item.nodeid: item for item in self.session.items}
            chosen = [items[test] for test in tests or items if test in items]
            self.session.testsfailed = 0
            for item, following in itertools.zip_longest(chosen, chosen[1:]):
                self.session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.session.testsfailed:
                    self.session._setupstate.teardown_exact(None)  # noqa: SLF001 - the next run begins anew
                    return 1
        return 0


class WarmRunner(ForkRunner):
    """Forks the process that has the tests collected, and passes them still, for each mutant."""

    def __init__(self, max_workers: int, tests: CollectedTests) -> None:
        super().__init__(max_workers=max_workers, test_runner=tests)
        self.tests = tests

    def startup(self) -> None:
        """Begin with the mutants; raises SystemExit where tests fail now that pass by themselves."""
        some = [item.nodeid for item in self.tests.session.items[::SAMPLED]]
        if self.tests.run_tests(mutant_name=None, tests=some):
            raise SystemExit("tests fail without a mutant: nothing that is killed here would tell anything")
        super().startup()


def new_runner(max_workers: int = 1) -> WarmRunner:
    """The runner in the place of mutmut's own: it forks for each mutant when the tests have passed."""
    return WarmRunner(max_workers, CollectedTests())


if __name__ == "__main__":
    setattr(mutmut, get_mutant_runner.__name__, new_runner)
    with tempfile.TemporaryDirectory(prefix="mutants-") as temporary:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = temporary  # other runs of pytest clean up in the common one
        mutmut.cli()
