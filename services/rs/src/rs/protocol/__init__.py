"""The checks of the specifications as pure functions: no I/O, no framework, and the clock is an argument.

They take received data and return a `VerifiedToken`, or raise an error of `rs.errors`.
"""
