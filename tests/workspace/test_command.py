"""Starting a command and being sure of its end."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.workspace.command import Completed, Limits, Stopped, run

ENV = {"PATH": f"{Path(sys.prefix, 'bin')}:/usr/bin:/bin", "LANG": "C.UTF-8"}
DAEMON = "import os,time\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n"


def sh(script: str, cwd: Path, **limits: object) -> Completed:
    """Run a shell script under the given limits."""
    return run(("sh", "-c", script), cwd=cwd, env=ENV, limits=Limits(**limits))  # type: ignore[arg-type]


def alive(pid_file: Path) -> bool:
    """Whether the process whose id is in the file still runs; one that waits to be buried does not."""
    try:
        stat = Path("/proc", pid_file.read_text().strip(), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_tells_exit_code_and_both_outputs(tmp_path: Path) -> None:
    """A command's exit code, standard output and standard error come back apart."""
    done = sh("echo out; echo err >&2; exit 3", tmp_path)
    assert (done.exit_code, done.stdout, done.stderr, done.ok) == (3, "out\n", "err\n", False)


def test_a_missing_program_is_exit_code_127(tmp_path: Path) -> None:
    """A program that does not exist is told as a shell tells it."""
    done = run(("no-such-program",), cwd=tmp_path, env=ENV, limits=Limits())
    assert (done.exit_code, done.stderr) == (127, "no-such-program: No such file or directory\n")


def test_death_by_signal_is_told_as_a_shell_tells_it(tmp_path: Path) -> None:
    """A command killed by signal 9 has exit code 137."""
    assert sh("kill -9 $$", tmp_path).exit_code == 137


def test_a_missing_folder_is_our_error(tmp_path: Path) -> None:
    """Running where there is no folder raises, and names the folder."""
    with pytest.raises(HarnessError, match=r"there is no folder .*nowhere"):
        sh("true", tmp_path / "nowhere")


def test_environment_is_exactly_the_given_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this process reaches the command."""
    monkeypatch.setenv("LEAK", "1")
    done = run(("env",), cwd=tmp_path, env=ENV, limits=Limits())
    assert dict(row.split("=", 1) for row in done.stdout.splitlines()) == ENV


def test_standard_input_is_empty(tmp_path: Path) -> None:
    """A command that waits for input gets its end at once."""
    assert sh("cat; echo end", tmp_path).stdout == "end\n"


def test_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    """Of an output longer than twice the limit, the middle is counted and dropped."""
    done = sh("printf aaaa; printf %01000d 0; printf bbbb", tmp_path, kept=4)
    assert done.stdout == "aaaa\n[… 1000 bytes left out …]\nbbbb"


def test_output_that_is_no_text_is_still_shown(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are replaced, never an error."""
    assert sh("printf 'a\\377b'", tmp_path).stdout == "a\N{REPLACEMENT CHARACTER}b"


def test_the_time_limit_kills(tmp_path: Path) -> None:
    """A command over its time is killed, its children too, and says so."""
    done = sh("echo $$ > pid; sleep 60 & echo $! > child; echo begun; wait", tmp_path, seconds=0.4)
    assert (done.timed_out, done.exit_code, done.stdout, done.ok) == (True, 124, "begun\n", False)
    assert not alive(tmp_path / "pid")
    assert not alive(tmp_path / "child")


def test_the_time_limit_holds_for_a_command_that_closed_its_outputs(tmp_path: Path) -> None:
    """Closing the outputs does not help a command to outlive its time."""
    done = sh("exec >/dev/null 2>&1; sleep 60", tmp_path, seconds=0.4)
    assert done.timed_out
    assert done.seconds < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
def test_a_daemon_does_not_survive_its_command(tmp_path: Path) -> None:
    """A process that forked twice, opened its own session and ignores TERM is dead when run() returns."""
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    (tmp_path / "d.py").write_text(
        DAEMON + ignore + "open('pid','w').write(str(os.getpid()))\ntime.sleep(60)\n"
    )
    script = "env -i $(command -v python3) d.py >/dev/null 2>&1; until [ -s pid ]; do sleep 0.05; done"
    assert sh(script, tmp_path, seconds=20).ok
    assert not alive(tmp_path / "pid")


def test_a_background_child_with_the_outputs_open_does_not_hold_the_command_up(tmp_path: Path) -> None:
    """What a finished command left in the background is killed at once."""
    done = sh("sleep 60 & echo done", tmp_path)
    assert (done.stdout, done.seconds < 5) == ("done\n", True)


def test_a_command_that_kills_its_supervisor_dies_with_it(tmp_path: Path) -> None:
    """Killing the process above it gains a command nothing: it is killed too, and run() returns."""
    done = sh("echo $$ > pid; kill -9 $PPID; sleep 1; echo still here", tmp_path, seconds=20)
    assert (done.exit_code, done.stdout, done.seconds < 10) == (137, "", True)
    deadline = time.monotonic() + 10  # nobody is left to wait for it: the kernel ends it in its own time
    while alive(tmp_path / "pid") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(tmp_path / "pid")


def test_stop_kills_the_running_command(tmp_path: Path) -> None:
    """Setting the event ends a running command, and run() raises."""
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped, match=r"sleep 60.* was stopped"):
        sh("echo $$ > pid; sleep 60", tmp_path, stop=stop)
    assert not alive(tmp_path / "pid")


def test_ctrl_c_kills_the_running_command(tmp_path: Path) -> None:
    """A KeyboardInterrupt passes through, and leaves nothing running."""
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.4, signal.pthread_kill, (main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        sh("echo $$ > pid; sleep 60", tmp_path)
    assert not alive(tmp_path / "pid")


def test_commands_run_side_by_side(tmp_path: Path) -> None:
    """Commands in several threads do not wait for each other and do not mix their outputs."""
    results: dict[int, Completed] = {}

    def play(number: int) -> None:
        results[number] = sh(f"echo {number}; sleep 0.6", tmp_path)

    threads = [threading.Thread(target=play, args=(number,)) for number in range(4)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[number].stdout for number in range(4)] == ["0\n", "1\n", "2\n", "3\n"]
    assert time.monotonic() - begin < 2.2


def test_describe_shows_everything() -> None:
    """The description has command line, exit code and both outputs, "(none)" where empty."""
    done = Completed(("dvc", "repro", "a b"), ".", 1, "", "bad\nworse\n", 0.1)
    assert done.describe() == (
        "command: dvc repro 'a b'\nexit code: 1\nstdout: (none)\nstderr:\n  bad\n  worse"
    )
