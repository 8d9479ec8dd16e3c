"""The checks of the specifications as pure functions, without I/O and without a framework.

A check raises an error of `op.errors` or returns what the next one needs. docs/conformance lists them by section.
"""
