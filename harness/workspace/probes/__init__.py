"""Scripts that run inside a workspace, next to the student's code; what they write is a claim."""

from __future__ import annotations
