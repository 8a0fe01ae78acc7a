"""Pure readers of what was handed in and of what the scenarios left behind: evidence in, plain data out."""
