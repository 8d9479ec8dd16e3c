"""An OpenID Provider for the tests of other projects: a container of the provider's image and one of Redis.

`OpenIdProviderContainer` is the provider with your users and clients; `log_in` signs a user in without a browser. This
package depends only on the provider's image and on the specifications.
"""

from trefoil_testing.login import LoginFailed, log_in
from trefoil_testing.provider import OpenIdProviderContainer, ProviderNotStarted

__all__ = ["LoginFailed", "OpenIdProviderContainer", "ProviderNotStarted", "log_in"]
