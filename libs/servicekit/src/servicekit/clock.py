"""Clocks, and the leeways for differences between the clocks of two hosts.

A clock is an argument: a service passes `time.time` or `time.monotonic`, a test passes its own.

RFC 7519 §4.1.4 and §4.1.5 allow a leeway of at most a few minutes for clock skew. How much is right depends on what the
leeway costs, so there are four constants, each with its reason.
"""

from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds, either since the epoch or, for a clock that never goes back, since some moment."""

CLOCK_AHEAD = 60
"""How far the issuer's clock may be ahead of this one, in seconds: for `iat` and `nbf`.

A token that was issued a moment ago and seems to come from the future is valid. Refusing it until this clock has caught
up would protect nobody, and a minute covers machines that do not synchronize their clocks.
"""

REUSABLE_EXPIRY_LEEWAY = 5
"""How long after `exp` a token is accepted that is presented again and again, such as an access token, in seconds.

This leeway lengthens the life of every token, so it covers no more than the deviation of clocks that NTP keeps.
"""

SINGLE_USE_EXPIRY_LEEWAY = 10
"""How long after `exp` a token is accepted that is checked once, when it is received, in seconds.

ID tokens and logout tokens are such. This leeway lengthens no session, so it also covers the time on the way and a
clock that is set by hand.
"""

LONGEST_LEEWAY = 300
"""The most that any verifier may allow after `exp`, in seconds: an issuer publishes its keys for that much longer.

It lengthens no token. RFC 7519 §4.1.4 speaks of a few minutes, and verifiers of others may allow all of them.
"""
