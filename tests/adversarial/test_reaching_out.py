"""Commands that look, write or call outside their box."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import pytest

from harness.workspace.workspace import Workspace

from .conftest import Attack, Outside

READING = {
    "by-path": "cat {secret}",
    "by-link": "ln -s {secret} link && cat link",
    "by-hard-link": "ln {secret} link && cat link",
    "by-git-link": (
        "ln -s {secret} link && git add link && git commit -qm x && git show HEAD:link && cat link"
    ),
    "by-search": "find / -xdev -name secret.txt -exec cat {{}} + 2>/dev/null",
    "by-search-everywhere": "find / -name secret.txt -not -path '/proc/*' -exec cat {{}} + 2>/dev/null",
    "through-first-process": "cat /proc/1/root{secret} /proc/1/cwd/..{secret}",
    "through-own-root": "cat /proc/self/root{secret} /proc/self/cwd/../../../../..{secret}",
    "by-clone": "git clone file://{folder} clone; git clone {folder} clone; cat clone/*",
    "environment": "env; cat /proc/self/environ /proc/1/environ /proc/*/environ",
    "command-lines": "cat /proc/*/cmdline | tr '\\0' ' '",
    "descriptors": (
        "for p in /proc/*/fd/*; do cat $p; done </dev/null 2>/dev/null | head -c 1000000 & sleep 1"
    ),
    "dvc-import": (
        "git init -q . ; dvc init -q; dvc import-url {secret} copy; dvc get-url {secret} copy2; cat copy*"
    ),
    "dvc-remote": (
        "dvc init -q; dvc remote add -d x {folder}; dvc pull; dvc get {folder} secret.txt; cat secret.txt"
    ),
    "alternates": "echo {folder} > .git/objects/info/alternates; git cat-file --batch-all-objects --batch",
    "git-file": "rm -rf .git; echo 'gitdir: {folder}' > .git; git status; cat .git/secret.txt",
    "submodule": "git -c protocol.file.allow=always submodule add {folder} sub; cat sub/*",
    "ext-protocol": "git -c protocol.ext.allow=always clone 'ext::cat {secret}' x",
    "mount": "mkdir m; mount --bind / m; mount -t tmpfs none m; cat m{secret}",
    "user-namespace": "unshare -Urm sh -c 'mount --bind / /tmp; cat /tmp{secret}'",
    "enter-namespace": "nsenter -t 1 -a cat {secret}; nsenter -t $PPID -m cat {secret}",
    "chroot": "chroot /proc/1/root cat {secret}",
    "sudo": "sudo -n cat {secret}; su -c 'cat {secret}'; pkexec cat {secret}",
    "device": "mknod disk b 254 0 && head -c 4096 disk; head -c 100 /dev/vda /dev/sda /dev/mem /dev/kmem",
    "kernel-memory": "head -c 100 /proc/kcore; cat /proc/kallsyms | head; dmesg",
    "homes": ("cd ~root; cat .* * /home/*/.* 2>/dev/null; ls -R . /home | grep secret.txt"),
    "other-work": "ls /tmp /var/tmp /dev/shm | xargs -I% cat /tmp/% /var/tmp/%",
}


@pytest.mark.parametrize("name", READING)
def test_nothing_outside_is_read(attack: Attack, outside: Outside, name: str) -> None:
    """Whatever way a command takes to the secret, its words are not in what it prints."""
    attack(READING[name].format(secret=outside.secret, folder=outside.folder))


def test_the_secret_would_be_found(outside: Outside) -> None:
    """Outside a box the file is there for everybody to read: the attacks above can fail."""
    assert outside.token in outside.secret.read_text(encoding="ascii")
    assert outside.secret.stat().st_mode & 0o777 == 0o666


PYTHON_READING = {
    "ptrace": (
        "libc = ctypes.CDLL(None); print(libc.ptrace(16, os.getppid(), 0, 0), libc.ptrace(16, 1, 0, 0))"
    ),
    "memory": (
        "print(open(f'/proc/{os.getppid()}/mem', 'rb').read(10)); print(open('/proc/1/mem', 'rb').read(10))"
    ),
    "process-vm": "print(ctypes.CDLL(None).process_vm_readv(1, None, 0, None, 0, 0))",
    "handle": "print(ctypes.CDLL(None).open_by_handle_at(3, None, 0))",
    "harness": "import harness.labs.dvc_versioning.rubric",
    "frames": (
        "import gc, sys; print([o for o in gc.get_objects() if 'Workspace' in str(type(o))], sys._getframe())"
    ),
}
REFUSED = {"ptrace": "-1 -1", "process-vm": "-1", "handle": "-1", "frames": "[]"}


@pytest.mark.parametrize("name", PYTHON_READING)
def test_no_other_process_is_read(attack: Attack, name: str) -> None:
    """Tracing, other processes' memory, handles and the harness's own modules are out of reach."""
    done = attack(f"python - <<'END'\nimport ctypes, os\n{PYTHON_READING[name]}\nEND")
    assert REFUSED.get(name, "") in done.stdout
    assert done.ok == (name in REFUSED)


WRITING = {
    "by-path": "echo forged > {folder}/grade.json; echo forged > {secret}",
    "by-link": "ln -s {folder} results && echo forged > results/grade.json",
    "own-shell": "echo 'exit 0' > /workspace/bin/sh; rm /workspace/bin/sh; mv /workspace/bin /workspace/b",
    "own-settings": "echo x > /workspace/etc/gitconfig; rm -rf /workspace/etc; chmod 777 /workspace/etc",
    "own-folders": "mv /workspace/site /workspace/l; ln -s {folder} /workspace/x; rmdir /workspace/tmp",
    "system": "touch /usr/bin/x /etc/x /x /dev/x /run/x; echo x >> /etc/passwd",
    "interpreter": "touch $(dirname $(command -v dvc))/x; python -c 'import dvc; open(dvc.__file__, \"a\")'",
    "probes": "echo x > /run/probes/predict_probe.py; touch /run/probes/x",
    "kernel": "echo x > /proc/sys/kernel/core_pattern; echo c > /proc/sysrq-trigger",
    "set-user": "cp /bin/sh mine; chmod 4755 mine; ./mine -p -c 'touch {folder}/x'",
    "hooks": (
        "git config core.hooksPath {folder}; printf '#!/bin/sh\\ntouch {folder}/x' > .git/hooks/post-commit"
    ),
    "checkout-through-link": "ln -s {folder} d; git add d; git commit -qm 1; git rm -q --cached d; rm d;"
    " mkdir d; echo x > d/x; git add d; git commit -qm 2; rm -rf d; ln -s {folder} d; "
    "git checkout -f HEAD -- d",
    "dvc-cache": "dvc init -q; dvc config cache.dir {folder}; echo 1 > a; dvc add a",
    "dvc-out": "dvc init -q; dvc run -n x -o {folder}/x 'touch {folder}/x'; dvc stage add -n y -o {folder}/y"
    " 'touch {folder}/y'; dvc repro",
    "dvc-site-cache": (
        "dvc init -q; dvc config core.site_cache_dir {folder}; DVC_SITE_CACHE_DIR={folder} dvc status"
    ),
}


@pytest.mark.parametrize("name", WRITING)
def test_nothing_outside_is_written(attack: Attack, boxed: Workspace, outside: Outside, name: str) -> None:
    """The folder outside, the system and the workspace's own programs stay as they were."""
    boxed.run("true")  # the first command brings the launcher's own programs along
    before = state_of_programs(boxed.root)
    attack(WRITING[name].format(secret=outside.secret, folder=outside.folder))
    assert state_of_programs(boxed.root) == before
    assert boxed.run("git", "--version").ok
    assert outside.untouched()


def state_of_programs(root: Path) -> list[tuple[str, int, bytes]]:
    """What a workspace's programs and settings, and the probes, are made of."""
    probes = Path(__file__).parents[2] / "harness" / "workspace" / "probes"
    files = [path for name in ("bin", "etc") for path in sorted((root / name).rglob("*"))]
    files += sorted(probes.glob("*.py"))
    return [(str(path), path.lstat().st_mode, path.read_bytes()) for path in files if path.is_file()]


CALLING = {
    "loopback": "s = socket.create_connection(('127.0.0.1', {port}), 2)",
    "any-address": "s = socket.create_connection(('0.0.0.0', {port}), 2)",
    "loopback-6": "s = socket.create_connection(('::1', {port}), 2)",
    "abstract-socket": "s = socket.socket(socket.AF_UNIX); s.connect('\\0{abstract}')",
    "internet": "s = socket.create_connection(('1.1.1.1', 53), 2)",
    "name": "socket.getaddrinfo('example.org', 80)",
    "datagram": "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('8.8.8.8', 53))",
    "raw": "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "packet": "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "hypervisor": (
        "s = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM); s.settimeout(2); s.connect((2, 1))"
    ),
    "kernel-crypto": "s = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)",
    "bluetooth": "s = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, 1)",
    "docker": "s = socket.socket(socket.AF_UNIX); s.connect('/var/run/docker.sock')",
    "bus": "s = socket.socket(socket.AF_UNIX); s.connect('/run/dbus/system_bus_socket')",
}


@pytest.mark.parametrize("name", CALLING)
def test_nobody_is_called(attack: Attack, outside: Outside, name: str) -> None:
    """No service of this machine or of any other answers."""
    line = CALLING[name].format(port=outside.port, abstract=outside.abstract)
    done = attack(f"python - <<'END'\nimport socket\n{line}\nprint('reached')\nEND")
    assert "reached" not in done.stdout
    assert "rror" in done.stderr


def test_its_own_loopback_works(attack: Attack) -> None:
    """A program may talk to itself: servers that a lab starts work."""
    script = textwrap.dedent("""
        import socket, threading
        server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=lambda: server.accept()[0].sendall(b"hello")).start()
        print(socket.create_connection(server.getsockname()).recv(5))
    """)
    assert attack(f"python - <<'END'\n{script}\nEND").stdout == "b'hello'\n"


def test_it_is_nobody(attack: Attack) -> None:
    """A command is an ordinary user without capabilities, who can gain none."""
    done = attack("id -u; grep -E '^(CapPrm|CapEff|CapAmb|NoNewPrivs)' /proc/self/status | tr -d '\\t'")
    uid, *rows = done.stdout.split()
    assert int(uid) != 0
    if os.geteuid() == 0:
        assert int(uid) >= 100_000
    zero = "0" * 16
    assert rows == [f"CapPrm:{zero}", f"CapEff:{zero}", f"CapAmb:{zero}", "NoNewPrivs:1"]


def test_nothing_names_the_harness(attack: Attack) -> None:
    """Neither variables, nor the user, nor the host's name tell that a grader is at work."""
    shown = "env; id; hostname; pwd; cat /etc/passwd /etc/hosts; ls / /workspace /tmp"
    done = attack(f"{shown}; cat /proc/*/cmdline /proc/*/environ /proc/*/comm 2>/dev/null | tr '\\0' ' '")
    said = done.stdout.replace(sys.prefix, "").replace(sys.base_prefix, "").lower()
    words = ("harness", "grade", "grading", "pytest", "score", "pytest-of", "student", "submission")
    assert [word for word in words if word in said] == []


LISTING = "import os; here = '/proc/self/fd'; print(sorted(map(int, os.listdir(here))))"
ENTRIES = {
    "shell": ("sh", "-c", "ls /proc/self/fd"),
    "python-code": ("python", "-c", LISTING),
    "python-script": ("python", "list.py"),
    "below-a-shell": ("sh", "-c", "python list.py"),
    "below-dvc": ("dvc", "repro", "-q"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_no_descriptor_of_ours_comes_along(boxed: Workspace, name: str) -> None:
    """However a command starts, it holds its three streams and nothing else (3 is its look at the list)."""
    boxed.run("dvc", "init", "-q", check=True)
    boxed.write("list.py", f"{LISTING}\n".encode())
    boxed.write("dvc.yaml", b"stages: {a: {cmd: python list.py}}\n")
    done = boxed.run(*ENTRIES[name], check=True)
    assert done.stdout.replace("\n", ", ").strip("[], ") == "0, 1, 2, 3"


def test_streams_can_be_opened_by_name(boxed: Workspace) -> None:
    """Its own output and errors are a command's to open, as in a terminal."""
    done = boxed.run("sh", "-c", "echo one > /dev/stdout; echo two | tee /dev/stderr >/dev/null", check=True)
    assert (done.stdout, done.stderr) == ("one\n", "two\n")
