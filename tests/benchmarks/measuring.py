"""Medians, ratios and their spread, printed and kept as JSON for a later run to be compared with."""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROUNDS = int(os.environ.get("BENCH", "0"))
KEPT = Path(os.environ.get("BENCH_JSON", "bench.json"))

benchmark = pytest.mark.skipif(not ROUNDS, reason="a benchmark: set BENCH to the number of rounds")


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def ratios(found: Mapping[str, Sequence[float]], base: str) -> dict[str, object]:
    """For each name the median seconds, and its ratio to `base`: median over rounds, least and most."""
    against = {
        name: sorted(one / other for one, other in zip(values, found[base], strict=True))
        for name, values in found.items()
    }
    return {
        name: {
            "seconds": round(statistics.median(found[name]), 3),
            f"ratio to {base}": round(statistics.median(values), 3),
            "spread": [round(values[0], 3), round(values[-1], 3)],
        }
        for name, values in against.items()
    }


def keep(name: str, figures: Mapping[str, object]) -> None:
    """Print the figures of a benchmark, and put them into the JSON file beside those of the others."""
    all_figures = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    all_figures[name] = {**figures, "rounds": ROUNDS, "cores": os.cpu_count()}
    KEPT.write_text(json.dumps(all_figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: all_figures[name]}, indent=1))  # noqa: T201 (what a benchmark is for)
