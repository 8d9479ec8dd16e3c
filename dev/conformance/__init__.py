"""`make conformance`: docs/conformance, from the `spec` markers of the tests and the docstrings of the code.

`specifications` knows the specifications, `citations` finds their sections in text, `sources` reads the code and the
tests without importing them, and `pages` writes a file for each specification.
"""
