"""Keeps ordinary test runs out of the labs that lie here as test data."""

from __future__ import annotations

collect_ignore = ["tiny"]
