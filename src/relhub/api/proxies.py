"""What is believed of a request that came through a proxy: where it began, and whose certificate it had (mutual TLS, an FSC Inway)."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from relhub.errors import NotAuthenticated

_OIN: Final = re.compile(r"(?:^|[,/+]\s*)(?:serialNumber|SERIALNUMBER|2\.5\.4\.5)=([0-9]{20})(?=$|[,/+])|^([0-9]{20})$")


class Proxies:
    """Those in front of this installation. A header about the caller is believed from no one else."""

    def __init__(self, networks: str, oin_header: str) -> None:
        """`networks`: addresses or networks with commas between; `oin_header`: where they say the OIN, or the subject that has it."""
        self._networks = [ip_network(part.strip()) for part in networks.split(",") if part.strip()]
        self._oin_header = oin_header.lower()
        self._trusts = lru_cache(4096)(self._within)

    def read(self, sent: Mapping[str, Sequence[str]], peer: str) -> tuple[str, str]:
        """(address where the request began, OIN of its certificate). Raises NotAuthenticated for a certificate that a stranger claims."""
        if not self._networks:
            return peer, ""
        if not self._trusts(peer):
            if self._oin_header and self._oin_header in sent:
                raise NotAuthenticated("proxy")
            return peer, ""
        return self._origin(sent.get("x-forwarded-for", ()), peer), self._oin(sent)

    def _origin(self, forwarded: Sequence[str], peer: str) -> str:
        """The last address that no proxy of ours has: what stands before it can be anything."""
        for address in reversed(",".join(forwarded).split(",")):
            if not (address := address.strip()):
                continue
            if _parsed(address) is None:
                return peer
            if not self._trusts(address):
                return address
        return peer

    def _oin(self, sent: Mapping[str, Sequence[str]]) -> str:
        values = sent.get(self._oin_header, ()) if self._oin_header else ()
        if len(values) > 1:
            raise NotAuthenticated("proxy")
        match = _OIN.search(values[0].strip()) if values else None
        return (match[1] or match[2]) if match else ""

    def _within(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
