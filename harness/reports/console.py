"""The console that grades are printed on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console


class Printer(Console):
    """A console that falls silent once nobody reads it: the grade is made and written all the same."""

    def on_broken_pipe(self) -> None:
        """Print nothing any more; what others print goes nowhere, too."""
        self.quiet = True
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
