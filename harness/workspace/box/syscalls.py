"""The kernel calls that no lab needs, refused by a filter that libseccomp compiles."""

from __future__ import annotations

import functools
import os
import sys
import tempfile

# Namespaces and mounts lead out of the box, the tracing calls into other processes, and the rest are large
# parts of the kernel that few programs use and most escapes went through.
# Source of the list: the calls that Docker's and Flatpak's default filters refuse to unprivileged processes.
REFUSED = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd"),
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "mount_setattr", "open_tree"),
    *("move_mount", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("open_by_handle_at", "name_to_handle_at", "fanotify_init", "lookup_dcookie", "quotactl", "acct"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("swapon", "swapoff", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime"),
    *("iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "syslog", "uselib", "ustat", "sysfs", "vhangup"),
    *("move_pages", "migrate_pages", "mbind", "set_mempolicy", "nfsservctl", "personality"),
)
EPERM, ENOSPC, ENOSYS, EOPNOTSUPP, EAFNOSUPPORT = 1, 28, 38, 95, 97
# Unix, IPv4, IPv6, netlink. Other sockets reach the hypervisor, or parts of the kernel that few programs use.
SOCKETS = (1, 2, 10, 16)
NAMESPACES = 0x7E020000
TIOCSTI, TIOCLINUX = 0x5412, 0x541C


@functools.cache
def filter_program() -> bytes | None:
    """The compiled filter, or None where libseccomp or its Python binding is not installed.

    The program is a list of `struct sock_filter`, as bwrap's `--seccomp` and prctl(2) take it.
    """
    if sys.platform != "linux":
        return None
    try:
        import pyseccomp  # type: ignore[import-untyped]  # noqa: PLC0415 (Linux only: it loads libseccomp.so)
    except (ImportError, OSError, RuntimeError, AttributeError):
        return None
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in REFUSED:
        _refuse(rules, pyseccomp.ERRNO(EPERM), name)
    # Reserving is quicker than any measuring: without it, the C library writes zeros instead.
    _refuse(rules, pyseccomp.ERRNO(EOPNOTSUPP), "fallocate")
    # Memory of these two belongs to no process, so that nobody would be seen to use it. /dev/shm has a limit.
    _refuse(rules, pyseccomp.ERRNO(ENOSPC), "shmget")
    _refuse(rules, pyseccomp.ERRNO(ENOSYS), "memfd_create")
    _refuse(rules, pyseccomp.ERRNO(ENOSYS), "memfd_secret")
    _refuse(rules, pyseccomp.ERRNO(EAFNOSUPPORT), "socket", pyseccomp.Arg(0, pyseccomp.GT, max(SOCKETS)))
    for family in set(range(max(SOCKETS))) - {*SOCKETS}:
        _refuse(rules, pyseccomp.ERRNO(EAFNOSUPPORT), "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    # clone3 hides its flags from filters: with ENOSYS, the C library falls back to clone, whose flags show.
    _refuse(rules, pyseccomp.ERRNO(ENOSYS), "clone3")
    for flag in (1 << bit for bit in range(32) if NAMESPACES & (1 << bit)):
        _refuse(rules, pyseccomp.ERRNO(EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in (TIOCSTI, TIOCLINUX):
        low = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request)
        _refuse(rules, pyseccomp.ERRNO(EPERM), "ioctl", low)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


def _refuse(rules: object, action: int, name: str, *conditions: object) -> None:
    """Add one rule; a call that this kernel's architecture does not have needs none."""
    try:
        rules.add_rule(action, name, *conditions)  # type: ignore[attr-defined]
    except (OSError, ValueError, RuntimeError):
        return
