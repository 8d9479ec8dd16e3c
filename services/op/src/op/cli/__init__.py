"""`python -m op users|clients|keys`, one file for each group of commands, and the directory file."""
