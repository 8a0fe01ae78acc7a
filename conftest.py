"""Names the plugins, so that a checkout works without being installed too."""

from __future__ import annotations

from importlib.util import find_spec

pytest_plugins = ["harness.plugin"] if find_spec("harness.plugin") else []
