"""The checks of the specifications, pure: no I/O, no framework, and the clock is an argument.

What goes in is what came over the wire; what comes out is a `VerifiedToken`, or an error of `rs.errors`.
"""
