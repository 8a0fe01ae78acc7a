"""Checks, rubric, result and score: plain data and arithmetic, without a line about any lab."""
