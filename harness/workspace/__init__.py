"""Temporary repositories in which a submission is run: commands, workspaces, scenarios, probes."""

from __future__ import annotations
