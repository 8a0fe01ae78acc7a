"""How the parts of the warm interpreter talk: requests on sockets, and descriptors with them."""

from __future__ import annotations

import array
import os
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADER = 8
MOST_DESCRIPTORS = 8
LARGEST = 16 << 20


@dataclass(frozen=True)
class Request:
    """A command to run: `name` is what was typed, `argv` all of it, `group` the process group to join or 0.

    With it go the descriptors of its three streams and of the folder to run in; `cwd` names that folder where
    a descriptor would lead out of the box.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    umask: int = -1
    group: int = 0
    ignored: tuple[int, ...] = ()
    cwd: str = ""

    def pack(self) -> bytes:
        """The request as bytes, fields ended by NUL; the client packs its own in the same way."""
        ignored = ",".join(map(str, self.ignored))
        head = (self.name, self.cwd, str(self.umask), str(self.group), ignored, str(len(self.argv)))
        rows = (*head, *self.argv, *(f"{name}={value}" for name, value in self.env.items()))
        body = b"\0".join(os.fsencode(row) for row in rows)
        return b"%08x" % len(body) + body

    @classmethod
    def unpack(cls, body: bytes) -> Request:
        """The request in such bytes without their header; ValueError when it is none."""
        name, cwd, umask, group, ignored, count, *rest = (os.fsdecode(row) for row in body.split(b"\0"))
        argv, variables = rest[: int(count)], rest[int(count) :]
        env = dict(row.partition("=")[::2] for row in variables)
        numbers = tuple(int(number) for number in ignored.split(",") if number)
        return cls(name, tuple(argv), env, int(umask), int(group), numbers, cwd)


@dataclass
class Incoming:
    """A connection on which a request arrives, bit by bit."""

    sock: socket.socket
    data: bytearray = field(default_factory=bytearray)
    descriptors: list[int] = field(default_factory=list)

    def read(self) -> Request | None:
        """Take what has arrived; the request once it is complete, None before.

        Raises:
            ValueError: what arrives is no request.
            OSError: the other side is gone.
        """
        data, descriptors = receive(self.sock, 1 << 16)
        self.data += data
        self.descriptors += descriptors
        if not data:
            raise ConnectionResetError("the other side is gone")
        if len(self.data) < HEADER:
            return None
        size = int(bytes(self.data[:HEADER]), 16)
        if size > LARGEST or len(self.data) > HEADER + size:
            raise ValueError("this is no request")
        return Request.unpack(bytes(self.data[HEADER:])) if len(self.data) == HEADER + size else None

    def close(self) -> None:
        """Close the connection and what came with it."""
        self.sock.close()
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors.clear()


def receive(sock: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """What has arrived, and the descriptors that came along (none is inherited by programs)."""
    space = socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)
    data, extra, _, _ = sock.recvmsg(size, space)
    descriptors = array.array("i")
    for level, kind, part in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(part[: len(part) - len(part) % descriptors.itemsize])
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 (it takes no keyword)
    return data, list(descriptors)


def send(sock: socket.socket, data: bytes, descriptors: Sequence[int] = ()) -> None:
    """Send all of it, the descriptors with the first bytes."""
    sent = socket.send_fds(sock, [data], list(descriptors)) if descriptors else 0
    if rest := data[sent:]:  # sending nothing fails where the other side has its all, and is done and gone
        sock.sendall(rest)
