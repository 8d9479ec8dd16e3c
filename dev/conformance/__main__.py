"""`python -m conformance` in dev/, which is `make conformance`."""

from pathlib import Path

from .pages import write

write(Path(__file__).parents[2])
