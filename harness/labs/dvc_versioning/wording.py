"""Small pieces of the sentences that evidence and hints are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.evidence.pipeline import Pipeline

SHOWN = 5


def short(sha: str) -> str:
    """A commit as people write it: its first seven digits."""
    return sha[:7]


def listed(items: Iterable[str]) -> str:
    """The items with commas, the first five by name and the others by number; empty for none."""
    every = [str(item) for item in items]
    more = [f"{len(every) - SHOWN} more"] if len(every) > SHOWN else []
    return ", ".join([*every[:SHOWN], *more])


def drawing(pipeline: Pipeline) -> str:
    """The graph of a pipeline as `dvc dag` joins it: each edge by its two stages."""
    edges = sorted(pipeline.edges, key=lambda edge: [pipeline.order.index(address) for address in edge])
    return "; ".join(f"{maker} → {reader}" for maker, reader in edges) or "no edges"
