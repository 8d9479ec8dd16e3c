"""The address of a client behind proxies: `X-Forwarded-For` is used only if a trusted proxy sent it."""

from collections.abc import Iterable
from ipaddress import ip_address

from servicekit.settings import Network


def client_address(peer: str, forwarded_for: str | None, trusted: Iterable[Network]) -> str:
    """The nearest address that does not belong to a trusted proxy.

    `peer` is the address of the socket; `forwarded_for` is the header, to which each proxy appends an entry.
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
