"""Which network addresses a crawl may connect to. Pure.

Only what is reachable from everywhere on the internet is public. Addresses that carry an IPv4 address inside (mapped,
compatible, NAT64, 6to4) are as public as that one; Python's own ``is_global`` would let some of them pass.
"""

import ipaddress

_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def is_public(address: str) -> bool:
    """Whether an IP address, as a socket is given it, belongs to the internet and not to a network of its own."""
    try:
        judged = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(judged, ipaddress.IPv6Address):
        inner = _embedded(judged)
        if inner is None:
            return judged in _GLOBAL_UNICAST and judged.is_global and not judged.is_multicast
        judged = inner
    return judged.is_global and not judged.is_multicast


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that traffic to an IPv6 address really goes to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _IPV4_COMPATIBLE or address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
