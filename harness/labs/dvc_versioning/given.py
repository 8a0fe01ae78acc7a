"""Whether training is given the rows that are held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from harness.labs.dvc_versioning.alone import Alone
    from harness.labs.dvc_versioning.course import Reproduction


def is_given(paths: Collection[str], base: Reproduction, alone: Mapping[str, Alone]) -> bool:
    """Whether training declares one of some files, or was seen to read one when it ran ``alone``.

    Where it only declares the folder of such a file, it counts if nobody saw what training reads.
    """
    for stage in (base.pipeline.stage(address) for address in base.roles.train):
        seen = alone[stage.address].reads if stage.address in alone else None
        if any(path in stage.deps or (stage.reads(path) if seen is None else path in seen) for path in paths):
            return True
    return False
