"""The checks of the specifications, pure: what came in, what is known, what time it is; no I/O and no framework.

A check raises an error of `op.errors` or returns what the next one needs. docs/conformance lists them by section.
"""
