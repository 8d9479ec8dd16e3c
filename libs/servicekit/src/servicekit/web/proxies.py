"""Who asks, when proxies stand in front: `X-Forwarded-For` is believed from trusted proxies alone."""

from collections.abc import Iterable
from ipaddress import ip_address

from servicekit.settings import Network


def client_address(peer: str, forwarded_for: str | None, trusted: Iterable[Network]) -> str:
    """The nearest address that is not a trusted proxy's.

    `peer` is the other end of the socket; `forwarded_for` is the header, whose last entry the nearest proxy wrote.
    """
    networks = tuple(trusted)
    address = peer
    hops = [hop.strip() for hop in (forwarded_for or "").split(",") if hop.strip()]
    while hops and _within(address, networks):
        candidate = hops.pop()
        if not _is_address(candidate):
            break
        address = candidate
    return address


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
