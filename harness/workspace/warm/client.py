"""What `python`, `python3` and `dvc` are in a workspace: hands the command over and ends as the command ends.

It is copied into the workspace and run with `-I -S`; it imports only what is built in, to start in a few
milliseconds. Without anyone who answers it becomes the real program.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # typeshed lacks it
import _socket
import posix
import sys

COLD: dict[str, tuple[str, ...]] = {}
SHOWN_ON = (
    _signal.SIGHUP,
    _signal.SIGINT,
    _signal.SIGQUIT,
    _signal.SIGTERM,
    _signal.SIGUSR1,
    _signal.SIGUSR2,
)
KILL = _signal.SIGKILL
SIGNALLED = 0x7F


def connect(path: str) -> _socket.socket:
    """A connection to the server beside this file; OSError when there is none."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    sock.connect(path)
    return sock


def request(name: str, argv: list[str]) -> bytes:
    """The request, as harness.workspace.warm.channel.Request packs it."""
    umask = posix.umask(0)
    posix.umask(umask)
    ignored = [int(number) for number in SHOWN_ON if _signal.getsignal(number) == _signal.SIG_IGN]
    head = [name, "", str(umask), str(posix.getpgrp()), ",".join(map(str, ignored)), str(len(argv))]
    rows = [row.encode("utf-8", "surrogateescape") for row in head + argv]
    rows += [name + b"=" + value for name, value in posix.environ.items()]
    body = b"\0".join(rows)
    return b"%08x" % len(body) + body


def hand_over(sock: _socket.socket, data: bytes, descriptors: list[int]) -> None:
    """Send the request with the descriptors, and every signal that arrives from now on."""
    packed = b"".join(number.to_bytes(4, sys.byteorder) for number in descriptors)
    sent = sock.sendmsg([data], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)])
    sock.sendall(data[sent:])
    for number in SHOWN_ON:
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda number, _: sock.send(bytes([number])) and None)


def end_like(status: int) -> None:
    """End as a process with this wait status did."""
    number = status & SIGNALLED
    if number:
        if number != KILL:
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
    posix._exit(status >> 8)  # noqa: SLF001 (os._exit, without importing os)


def main() -> None:
    """Run the command named like this file."""
    folder, _, name = __file__.rpartition("/")
    argv = [name, *sys.argv[1:]]
    here = -1
    try:
        for stream in (0, 1, 2):
            posix.fstat(stream)  # without one of them, a descriptor of ours would take its place
        here = posix.open(".", posix.O_RDONLY | posix.O_CLOEXEC)
        data = request(name, argv)
        posix.chdir(folder)
        sock = connect(f".{name.rstrip('3')}")
        hand_over(sock, data, [0, 1, 2, here])
    except OSError:
        if here >= 0:
            posix.fchdir(here)
        posix.execve(COLD[name][0], [*COLD[name], *argv[1:]], posix.environ)
    status = sock.recv(16)
    end_like(int(status) if status else KILL)


if __name__ == "__main__":
    main()
