"""How much of the machine a submission's commands may use, and the words for a student who met a limit."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

from harness.workspace.supervisor import AFTER_SIGNAL

if sys.platform != "win32":
    import resource

MB = 1 << 20
GB = 1 << 30
# Linear algebra libraries set aside room for every core, whether they use it or not.
RESERVED_PER_CORE = 48 * MB


@dataclass(frozen=True)
class Allowance:
    """The limits of one box.

    `memory` bytes for all processes together, `processes` at the same time (threads count), `file` bytes for
    one file, `disk` bytes, `files` files and `depth` folders in folders for the whole workspace, `handles`
    open files for each process, `shared` bytes of shared memory, `cpu` seconds of processor time for each
    process (None: as much as all cores give in its time).
    """

    memory: int = 2 * GB
    processes: int = 512
    file: int = 1 * GB
    disk: int = 4 * GB
    files: int = 100_000
    depth: int = 100
    handles: int = 1024
    shared: int = 256 * MB
    cpu: int | None = None

    def processor_seconds(self, seconds: float) -> int:
        """The processor time of a process whose command has so many seconds."""
        return self.cpu or int(seconds * (os.cpu_count() or 1)) + 1

    def shell_limits(self, seconds: float) -> str:
        """The limits as commands of sh; those on memory, files and time are for each process alone."""
        cores = os.cpu_count() or 1
        data = (self.memory + RESERVED_PER_CORE * cores) // 1024
        parts = (
            "-c 0",
            f"-d {data}",
            f"-f {self.file // 512}",
            f"-n {self.handles}",
            # The soft limit alone gives a signal of that name, see `supervisor.limit`.
            f"-S -t {self.processor_seconds(seconds)}",
            f"-H -t {self.processor_seconds(seconds) + AFTER_SIGNAL}",
        )
        # dash calls the limit of processes -p, every other shell -u.
        number = f"ulimit -u {self.processes} 2>/dev/null || ulimit -p {self.processes}; "
        return "".join(f"ulimit {part}; " for part in parts) + number

    def process_limits(self, seconds: float) -> tuple[tuple[int, int], ...]:
        """The same for setrlimit(2): pairs of a resource and its value."""
        if sys.platform == "win32":
            return ()
        cores = os.cpu_count() or 1
        return (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_DATA, self.memory + RESERVED_PER_CORE * cores),
            (resource.RLIMIT_FSIZE, self.file),
            (resource.RLIMIT_NOFILE, self.handles),
            (resource.RLIMIT_CPU, self.processor_seconds(seconds)),
            (resource.RLIMIT_NPROC, self.processes),
        )

    def plain_limits(self, seconds: float) -> tuple[tuple[int, int], ...]:
        """Those of them that hold outside a box, where processes are counted for all that a user runs."""
        if sys.platform == "win32":
            return ()
        return tuple(pair for pair in self.process_limits(seconds) if pair[0] != resource.RLIMIT_NPROC)

    @property
    def out_of_memory(self) -> str:
        """What a student reads when memory ran out."""
        return f"ran out of its {sized(self.memory)} of memory"

    @property
    def out_of_disk(self) -> str:
        """What a student reads when the workspace grew too large."""
        return f"ran out of its {sized(self.disk)} of disk space"

    @property
    def too_many_files(self) -> str:
        """What a student reads when the workspace holds too many files."""
        return f"made more than {self.files:,} files"

    @property
    def too_deep(self) -> str:
        """What a student reads when folders lie in too many folders."""
        return f"made folders more than {self.depth} deep"

    def met(self, exit_code: int, stderr: str, *, boxed: bool = True) -> str | None:
        """The limit that a failed command seems to have met, by its exit code and its last words.

        For wording only: the command has failed whatever it printed. Outside a box (not `boxed`) there is no
        limit on processes.
        """
        if not exit_code:
            return None
        last = stderr[-LAST_WORDS:]
        found = (name for name, pattern in SIGNS.items() if pattern.search(last))
        kind = DEATHS.get(exit_code) or next(found, None)
        return self._sentences().get(kind) if kind and (boxed or kind != "processes") else None

    def _sentences(self) -> dict[str, str]:
        cpu = f"more than {self.cpu} s of" if self.cpu else "up its"
        return {
            "memory": self.out_of_memory,
            "file": f"tried to write a file of more than {sized(self.file)}",
            "cpu": f"used {cpu} processor time",
            "handles": f"had more than {self.handles:,} files open at once",
            "processes": f"started more than {self.processes:,} processes or threads at once",
        }


LAST_WORDS = 4000
DEATHS = {128 + 24: "cpu", 128 + 25: "file"}  # SIGXCPU, SIGXFSZ
SIGNS = {
    "memory": re.compile(r"MemoryError|Cannot allocate memory|bad_alloc|[Oo]ut of memory"),
    "file": re.compile(r"File too large|File size limit exceeded"),
    "cpu": re.compile(r"CPU time limit exceeded|exited with (-24|152)\b"),
    "handles": re.compile(r"Too many open files"),
    "processes": re.compile(
        r"[Cc]annot fork|can't start new thread|fork: .*[Rr]esource temporarily unavailable"
        r"|BlockingIOError: \[Errno 11\]|pthread_create failed"
    ),
}


def sized(count: int) -> str:
    """A number of bytes as a person says it."""
    return f"{count / GB:g} GB" if count >= GB else f"{count / MB:g} MB"
