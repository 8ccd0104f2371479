"""GatewaySettings: where the gateway listens, and whom it lets in."""

import ipaddress

import msgspec

from runtime.gateway.tokens import Token

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class GatewaySettings(msgspec.Struct, frozen=True):
    """How the gateway runs. ``[gateway]`` of ``quaero.toml``, or made in code for an application it is mounted into."""

    host: str = "127.0.0.1"
    port: int = 8085
    tokens: tuple[Token, ...] = ()  # none: whoever reaches it may do everything, which is for loopback only
    allowed_hosts: tuple[
        str, ...
    ] = ()  # names in the Host header besides the address and loopback; "*" = any
    allowed_origins: tuple[str, ...] = ()  # origins of other pages that may call it, as "https://example.com"
    max_body_bytes: int = 2 << 20
    max_header_bytes: int = 16 << 10
    failed_logins: int = 10  # wrong tokens of one address in a minute, before it has to wait for the next
    secure_cookies: bool = False  # behind TLS: the page's cookie goes over nothing else
    trusted_proxies: tuple[str, ...] = ()  # whose X-Forwarded-For says who the client is

    @property
    def problem(self) -> str:
        """Why these settings can not be used; "" if they can."""
        if not is_loopback(self.host) and not self.tokens:
            return (
                f"the gateway is to listen on {self.host}, which others can reach, and no token is set:"
                " make one by `quaero token` and put it under [gateway.tokens], or listen on 127.0.0.1"
            )
        return ""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address. A name other than ``localhost`` is taken for one others reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
