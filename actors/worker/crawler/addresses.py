"""Which network addresses a crawl may connect to. Pure.

Only what is reachable from everywhere on the internet is public: the registries of special-purpose addresses are
written out here, since Python's ``is_global`` differs from version to version and takes some addresses that carry an
IPv4 address inside (mapped, compatible, NAT64, 6to4) for public, whatever that one is.

- https://www.iana.org/assignments/iana-ipv4-special-registry
- https://www.iana.org/assignments/iana-ipv6-special-registry
"""

import ipaddress

_SPECIAL_IPV4 = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_SPECIAL_UNICAST = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address, as a socket is given it, belongs to the internet and not to a network of its own."""
    try:
        judged = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(judged, ipaddress.IPv6Address):
        inner = _embedded(judged)
        if inner is None:
            return judged in _GLOBAL_UNICAST and not any(judged in each for each in _SPECIAL_UNICAST)
        judged = inner
    return not any(judged in each for each in _SPECIAL_IPV4)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that traffic to an IPv6 address really goes to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _IPV4_COMPATIBLE or address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
