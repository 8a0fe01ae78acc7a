"""Opening what was handed in, read-only and never run; its DVC objects; recovering data that was lost."""

from __future__ import annotations

from harness.submission.archives import Limits
from harness.submission.objects import HandedInObjects
from harness.submission.opening import Submission, open_submission
from harness.submission.recovery import Recovered, Recovery

__all__ = ["HandedInObjects", "Limits", "Recovered", "Recovery", "Submission", "open_submission"]
