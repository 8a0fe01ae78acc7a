"""What processes hold."""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path

import pytest

from harness.workspace.box.processes import nameless

SIZE = 3 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes hold")
@pytest.mark.parametrize("how", ["opened", "mapped", "both"])
def test_deleted_files_count_until_they_are_let_go(tmp_path: Path, how: str) -> None:
    """A file without a name counts once, whoever holds it and however; one with a name does not."""
    device = tmp_path.stat().st_dev
    before = nameless([os.getpid()], device)
    with (tmp_path / "file").open("w+b") as file:
        file.write(bytes(SIZE))
        file.flush()
        held = mmap.mmap(file.fileno(), SIZE) if how != "opened" else None
        assert nameless([os.getpid()], device) == before
        (tmp_path / "file").unlink()
        if how == "mapped":
            file.close()
        assert nameless([os.getpid(), os.getpid()], device) == before + SIZE
    if held is not None:
        held.close()
    assert nameless([os.getpid()], device) == before
