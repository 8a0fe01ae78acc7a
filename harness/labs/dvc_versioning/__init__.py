"""The DVC lab: data and model versioning, a pipeline, experiments."""
