"""A Merkle tree as in RFC 6962 §2.1: SHA-256, leaves and nodes told apart by their first byte."""

from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


class Tree:
    """Grows leaf by leaf, and keeps only as many hashes as its height."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []  # (leaves, hash) of full subtrees, the largest first

    def add(self, leaf: bytes) -> None:
        """Adds the hash of a leaf."""
        self.size += 1
        leaves, top = 1, leaf
        while self._peaks and self._peaks[-1][0] == leaves:
            top = _node(self._peaks.pop()[1], top)
            leaves *= 2
        self._peaks.append((leaves, top))

    def root(self) -> bytes:
        """The hash of all leaves in their order."""
        if not self._peaks:
            return sha256(b"").digest()
        *others, (_, top) = self._peaks
        for _, peak in reversed(others):
            top = _node(peak, top)
        return top


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
