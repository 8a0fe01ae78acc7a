"""One file for each way to show a grade: grade in, text out."""
