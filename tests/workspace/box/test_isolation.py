"""Finding out what a machine can isolate."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from harness.workspace.box.allowance import Allowance
from harness.workspace.box.doctor import findings
from harness.workspace.box.isolation import Isolation, NotIsolated, isolation
from harness.workspace.launcher import PlainLauncher

NEVER_ASKED = Allowance(handles=1001)


def test_without_bubblewrap_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names the package to install, and commands run plainly."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = isolation(NEVER_ASKED)
    assert found.kind == "none"
    assert "sudo apt-get install bubblewrap" in found.missing[0]
    assert isinstance(found.launcher(), PlainLauncher)
    with pytest.raises(NotIsolated, match="this machine cannot isolate a submission: bubblewrap is not"):
        found.require()


def test_a_bubblewrap_that_does_not_work_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is a box that works, not a program of that name."""
    (tmp_path / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: no namespaces for you' >&2\nexit 1\n", encoding="ascii"
    )
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = isolation(Allowance(handles=1002))
    assert found.kind == "none"
    assert "no namespaces for you" in found.missing[0]


def test_a_bubblewrap_that_isolates_nothing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that only starts the command is found out."""
    script = (
        '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift\necho \'{"child-pid": 1}\' >&9\nexec "$@"\n'
    )
    (tmp_path / "bwrap").write_text(script, encoding="ascii")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert isolation(Allowance(handles=1003)).kind == "none"


def test_the_doctor_agrees() -> None:
    """The last line of the doctor's report is the isolation that commands really get."""
    last = findings()[-1]
    assert (last.what, last.seen, last.well) == ("isolation", isolation().kind, isolation().kind != "none")


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_where_it_works_it_is_used() -> None:
    """Asking for isolation passes where there is some."""
    found = isolation()
    if found.kind == "none":
        pytest.skip("; ".join(found.missing))
    assert isinstance(found, Isolation)
    found.require()
