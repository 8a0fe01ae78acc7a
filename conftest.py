"""Names the plugins, so that a checkout works without being installed too."""

from __future__ import annotations

pytest_plugins = ["harness.plugin"]
