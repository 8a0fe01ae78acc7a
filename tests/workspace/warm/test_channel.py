"""What is sent over a channel arrives, and what has arrived cannot fail to have been sent."""

from __future__ import annotations

import os
import socket

from harness.workspace.warm.channel import receive, send


class Exacting(socket.socket):
    """A socket that refuses to send nothing, as one does whose other side has its all and is gone."""

    def sendall(self, data: object, flags: int = 0) -> None:
        """Send what is there; BrokenPipeError when there is nothing."""
        if not data:
            raise BrokenPipeError("the other side is gone")
        super().sendall(data, flags)  # type: ignore[arg-type]  # bytes, as the channel sends them


def test_a_message_that_left_in_one_go_was_sent() -> None:
    """A command that ends at once may close its side before the sender looks again: it is not sent anew."""
    here, there = socket.socketpair()
    with there, Exacting(fileno=here.detach()) as ours, open(os.devnull, encoding="ascii") as nothing:  # noqa: PTH123
        send(ours, b"request", [nothing.fileno()])
        data, descriptors = receive(there, 64)
        assert data == b"request"
        for descriptor in descriptors:
            os.close(descriptor)
