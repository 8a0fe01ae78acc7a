"""A grading and verification harness for MLOps labs, driven by pytest.

The house, and a submission's way through it, with no way back:

submission/  opening what was handed in, and recovering data that was lost
workspace/   temporary repositories, scenarios, running commands
evidence/    pure readers of what was handed in and of what the scenarios left behind
labs/        the rubrics and their checks, one folder for each lab
grading/     checks, rubric, result, score: plain data and arithmetic
reports/     one file for each format: grade in, text out
plugin.py    the pytest hooks
cli.py       the ``harness`` command
errors.py    whose fault it is
"""
