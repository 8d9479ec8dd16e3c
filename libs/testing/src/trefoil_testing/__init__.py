"""An OpenID Provider for somebody else's test suite: the provider's image and a Redis, started and thrown away.

`OpenIdProviderContainer` is the provider with users and clients of your own; `log_in` is a person without a browser.
This package knows the provider by its image and by the specifications alone.
"""

from trefoil_testing.login import LoginFailed, log_in
from trefoil_testing.provider import OpenIdProviderContainer, ProviderNotStarted

__all__ = ["LoginFailed", "OpenIdProviderContainer", "ProviderNotStarted", "log_in"]
