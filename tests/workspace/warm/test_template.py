"""The process from which servers are forked, and where these are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.workspace.box.entering import OTHERS, Entry
from harness.workspace.box.isolation import isolation
from harness.workspace.warm import server as words
from harness.workspace.warm.crew import open_door
from harness.workspace.warm.hiring import TemplateProcess
from harness.workspace.warm.launcher import WarmLauncher, can_be_warm, variables
from harness.workspace.workspace import Workspace

NOBODY = 1_000_000_001
NO_PROCESS = (1 << 22) + 1  # more than the kernel gives


@pytest.fixture
def template() -> Iterator[TemplateProcess]:
    """A template of its own that has imported nothing."""
    if not can_be_warm():
        pytest.skip("this system or this interpreter cannot fork")
    settings = {"kind": "base", "modules": [], "programs": {}, "scripts": {}, "variables": {}}
    process = TemplateProcess(settings, variables())
    yield process
    process.close()


def places(pid: int) -> dict[str, str]:
    """The namespaces that a process is in, and that of its children to come."""
    return {
        name: str(Path(f"/proc/{pid}/ns/{name}").readlink()) for name in (*OTHERS, "pid", "pid_for_children")
    }


def status(pid: int) -> dict[str, str]:
    """What /proc tells of a process."""
    rows = (row.partition(":") for row in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: " ".join(value.split()) for name, _, value in rows}


def servers_of(templates: tuple[int, ...], owner: int) -> list[int]:
    """The servers of the templates that a user owns."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    found = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            told = status(pid)
            if int(told["PPid"]) in templates and told["Uid"].split() == [str(owner)] * 4:
                found.append(pid)
    return found


def test_a_server_is_wholly_inside_and_its_template_wholly_outside(
    make: Callable[..., Workspace], warm: WarmLauncher
) -> None:
    """It has the box's namespaces, user, filter and no capabilities; the template forks outside as before."""
    found = isolation().bubblewrap
    if found is None or found.setpriv is None:
        pytest.skip("boxes have users of their own only where the harness is root")
    workspace = make(warm)
    workspace.write("nothing.py", b"")
    workspace.run("python", "nothing.py", check=True)
    workspace.run("git", "--version", check=True)
    servers = servers_of(warm.processes(), workspace.repo.stat().st_uid)
    assert len(servers) == 2
    for pid in servers:
        told, there = status(pid), places(pid)
        assert (told["CapEff"], told["CapBnd"], told["NoNewPrivs"]) == ("0" * 16, "0" * 16, "1")
        assert told["Seccomp"] == "2"
        assert there["pid"] == there["pid_for_children"]
        for outside in map(places, warm.processes()):
            assert outside["pid"] == outside["pid_for_children"]
            assert not set(there.values()) & set(outside.values())


def test_a_box_that_is_gone_costs_no_template(template: TemplateProcess, tmp_path: Path) -> None:
    """There is no server then; the next one is hired as if nothing had been."""
    for entry, answer in ((Entry(NO_PROCESS, NOBODY, (), None), b""), (None, words.DONE)):
        with open_door(tmp_path / "door") as door, template.hire(door, entry) as control:
            with suppress(BrokenPipeError):
                control.sendall(words.SWEEP)
            assert control.recv(1) == answer
    assert template.alive()
