"""Official numbers and sent documents at rest: sealed (AES-256-GCM), and found again through a keyed hash (HMAC-SHA-256)."""

import hashlib
import hmac
import os
import zlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from relhub.config.keys import Keys
from relhub.errors import SealLost

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]


class Sealer:
    """Seals with one key (the newest, unless the keys say otherwise) and opens with any that is still there."""

    def __init__(self, keys: Keys) -> None:
        self._index = keys.index
        block = (keys.index if len(keys.index) <= 64 else hashlib.sha256(keys.index).digest()).ljust(64, b"\0")
        self._inner, self._outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
        self._tagging = hmac.digest(keys.index, b"tagging", hashlib.sha512)
        self._pepper = hmac.digest(keys.index, b"api-key", hashlib.sha256)
        self.seal_with = keys.seal_with
        self._wrapping = AESSIV(hmac.digest(keys.index, b"wrapping", hashlib.sha512))
        self._ciphers = {id_: AESGCM(key) for id_, key in keys.seals.items()}

    def token(self, scheme: str, value: str) -> bytes:
        """The keyed hash by which a value is found: 16 bytes."""
        return self._hash(f"{scheme}\0{value}")

    def api_key(self, key: str) -> bytes:
        """What is kept of an API key: its keyed hash, which is worth nothing without the keys file."""
        return hmac.digest(self._pepper, key.encode(), hashlib.sha256)

    def keyed(self, source: str, text: str) -> str:
        """An opaque key for a party that has no id of its own."""
        return _base32(self._hash(f"party\0{source}\0{text}"))

    def relation_id(self, source: str, key: str, number: int) -> str:
        """The id given to the `number`-th relation that was first known by this party."""
        return "rel_" + _base32(self._hash(f"relation\0{source}\0{key}\0{number}"))

    def _hash(self, text: str) -> bytes:
        """The HMAC of RFC 2104 with the key taken in once: that costs more than a short text, and a page has thousands."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.digest()[:16]

    def tag(self, answer: bytes) -> str:
        """What two answers have in common when they are equal; keyed, so that nobody can guess an answer from it."""
        return _base32(hashlib.blake2b(answer, digest_size=16, key=self._tagging).digest())

    @property
    def seals(self) -> frozenset[int]:
        """The ids of the seals that can be opened."""
        return frozenset(self._ciphers)

    def authenticate(self, about: str, data: bytes) -> bytes:
        """What only who has the keys can make of this, with a key of its own for each `about`."""
        return hmac.digest(hmac.digest(self._index, f"authenticate\0{about}".encode(), hashlib.sha256), data, hashlib.sha256)

    def seal(self, plain: bytes, about: str) -> bytes:
        """Sealed for one place (`about`, of storage/sealed_columns.py): it can't be opened as something else."""
        packing = zlib.compressobj(1, wbits=12, memLevel=5)  # a window of 4 kB: setting up the usual one costs ten times what a number does
        return self._seal(packing.compress(plain) + packing.flush(), about)

    def reseal(self, sealed: bytes, about: str) -> bytes:
        """The same with the key that seals now. Raises as `open` does."""
        return self._seal(self._decrypt(sealed, about), about)

    def _seal(self, packed: bytes, about: str) -> bytes:
        nonce = os.urandom(12)
        return self.seal_with.to_bytes(2) + nonce + self._ciphers[self.seal_with].encrypt(nonce, packed, about.encode())

    def wrap(self, plain: bytes, about: str) -> bytes:
        """Sealed for a consumer to bring back. The same gives the same, so that equal answers are equal."""
        return self._wrapping.encrypt(plain, [about.encode()])

    def unwrap(self, wrapped: bytes, about: str) -> bytes:
        """What was wrapped. Raises cryptography's InvalidTag for anything else."""
        return self._wrapping.decrypt(wrapped, [about.encode()])

    def open(self, sealed: bytes, about: str) -> bytes:
        """What was sealed. Raises SealLost when its key is no longer there, cryptography's InvalidTag when it was sealed for another place."""
        return zlib.decompress(self._decrypt(sealed, about))

    def _decrypt(self, sealed: bytes, about: str) -> bytes:
        cipher = self._ciphers.get(int.from_bytes(sealed[:2]))
        if cipher is None:
            raise SealLost(
                f"the keys have no seal with id {int.from_bytes(sealed[:2])}, and stored values need it: put it back, or see "
                '"A lost key" in docs/operations.md'
            )
        return cipher.decrypt(sealed[2:14], sealed[14:], about.encode())


def _base32(data: bytes) -> str:
    number = int.from_bytes(data)
    length = -(-len(data) * 8 // 5)
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in range((length - 1) // 2 * 10, -1, -10)]  # two characters at once
    return "".join(pairs)[-length:]
