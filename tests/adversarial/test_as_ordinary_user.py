"""The same attacks where the harness runs as an ordinary user, whose boxes are user namespaces."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fixtures.submissions.build import kept
from harness.workspace.command import Limits, run

from .conftest import CHECKOUT, EVERY_DAY, HOMELESS, ORDINARY, as_ordinary_user


@pytest.mark.long
@ORDINARY
def test_every_attack_fails_as_an_ordinary_user() -> None:
    """Under a user id without privileges, all tests of this folder hold, and none is skipped."""
    for name in sorted(EVERY_DAY):
        kept(name)  # by whoever may write into the checkout
    tests = ("-m", "not long", "-p", "no:cacheprovider", "-q", str(Path(__file__).parent))
    argv = as_ordinary_user(sys.executable, "-m", "pytest", *tests, "--rootdir", str(CHECKOUT))
    done = run(argv, cwd=Path("/"), env=HOMELESS, limits=Limits(seconds=1800))
    assert done.ok, done.describe()
    assert "skipped" not in done.stdout.splitlines()[-1]
