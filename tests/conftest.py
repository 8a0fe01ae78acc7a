"""Puts every test under the guard, and gives all of them the workspaces."""

from __future__ import annotations

from fixtures.guard import guard
from fixtures.workspaces import dvc_repo, git_repo, local_remote, new_workspace, pipeline_template

__all__ = ["dvc_repo", "git_repo", "guard", "local_remote", "new_workspace", "pipeline_template"]
