"""The wall around a workspace's commands: what they see of the machine, what they may use, how they end."""

from __future__ import annotations
