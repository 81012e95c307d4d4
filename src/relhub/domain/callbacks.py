"""Where subscribers may be told: which addresses the configuration allows, and which computers they may lead to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

FORM = r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/%-]{0,300})?$"
"""No user, no query, no fragment: what is secret belongs in no URL."""

_ENTRY = re.compile(r"(?P<http>http://)?(?P<host>(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:(?P<port>[1-9][0-9]{0,4}|\*))?")
_TRANSLATED = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10"))
"""Behind these is another address (NAT64, Teredo, 6to4), or a network of one's own (site-local)."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry: a host, or with `*.` all below it; with TLS unless it says http, on the usual port unless it says another (`*`: any)."""

    host: str
    tls: bool
    port: str

    def fits(self, scheme: str, host: str, port: int) -> bool:
        below = self.host.removeprefix("*")
        named = host.endswith(below) and host != below if self.host.startswith("*.") else host == self.host
        return named and self.tls == (scheme == "https") and self.port in ("*", str(port))


@dataclass(frozen=True, slots=True)
class Callback:
    """The address of a subscriber, read."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As the header Host has it."""
        usual = self.port == (443 if self.scheme == "https" else 80)
        return self.host if usual else f"{self.host}:{self.port}"


def read_callback(text: str) -> Callback | None:
    """None for what is no such address."""
    if not re.fullmatch(FORM, text):
        return None
    scheme, _, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    host, _, port = authority.lower().partition(":")
    number = int(port or (443 if scheme == "https" else 80))
    return Callback(scheme, host, number, slash + path or "/") if number < 65536 else None


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """What the configuration allows: `hosts`, and `networks` besides the public ones. Nothing, unless it says so."""

    hosts: tuple[Allowed, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def allow(self, callback: Callback) -> bool:
        return any(entry.fits(callback.scheme, callback.host, callback.port) for entry in self.hosts)

    def reach(self, address: str) -> bool:
        """Whether this address, which a name turned out to have, may be connected to."""
        found = ip_address(address.partition("%")[0])
        if any(found.version == network.version and found in network for network in self.networks):
            return True
        return _is_public(found)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or any(address in network for network in _TRANSLATED)):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def read_rules(hosts: Iterable[str], networks: Iterable[str]) -> CallbackRules:
    """The rules as settings have them. ValueError."""
    return CallbackRules(tuple(map(_allowed, hosts)), tuple(ip_network(text) for text in networks))


def _allowed(text: str) -> Allowed:
    match = _ENTRY.fullmatch(text)
    if match is None:
        raise ValueError("must be hosts with commas between, such as afnemer.voorbeeld.nl, *.voorbeeld.nl, host:8443 or http://host:8080")
    tls = not match["http"]
    return Allowed(match["host"], tls, match["port"] or ("443" if tls else "80"))
