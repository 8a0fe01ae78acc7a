"""Puts every test under the guard, gives all of them the workspaces, and Hypothesis its profiles."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

from fixtures.guard import guard
from fixtures.workspaces import dvc_repo, git_repo, local_remote, new_workspace, pipeline_template

__all__ = ["dvc_repo", "git_repo", "guard", "local_remote", "new_workspace", "pipeline_template"]

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),  # that it fails is enough: nobody reads the smallest example
)
