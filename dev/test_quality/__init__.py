"""Measures of the tests: branch coverage, and mutations that they must notice."""
