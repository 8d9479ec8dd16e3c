"""Measures of quality: branch coverage, mutations that the tests must notice, and the style of the public texts."""
