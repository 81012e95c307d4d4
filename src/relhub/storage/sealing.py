"""Official numbers and sent documents at rest: sealed (AES-256-GCM), and found again through a keyed hash (HMAC-SHA-256)."""

import hashlib
import hmac
import os
import zlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from relhub.config.keys import Keys
from relhub.errors import ConfigurationError

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Sealer:
    """Seals with the newest key and opens with any that is still in the keys file."""

    def __init__(self, keys: Keys) -> None:
        self._index = keys.index
        self._tagging = hmac.digest(keys.index, b"tagging", hashlib.sha512)
        self._pepper = hmac.digest(keys.index, b"api-key", hashlib.sha256)
        self._newest = max(keys.seals)
        self._wrapping = AESSIV(hmac.digest(keys.index, b"wrapping", hashlib.sha512))
        self._ciphers = {id_: AESGCM(key) for id_, key in keys.seals.items()}

    def token(self, scheme: str, value: str) -> bytes:
        """The keyed hash by which a value is found: 16 bytes."""
        return hmac.digest(self._index, f"{scheme}\0{value}".encode(), hashlib.sha256)[:16]

    def api_key(self, key: str) -> bytes:
        """What is kept of an API key: its keyed hash, which is worth nothing without the keys file."""
        return hmac.digest(self._pepper, key.encode(), hashlib.sha256)

    def keyed(self, source: str, text: str) -> str:
        """An opaque key for a party that has no id of its own."""
        return _base32(hmac.digest(self._index, f"party\0{source}\0{text}".encode(), hashlib.sha256)[:16])

    def relation_id(self, source: str, key: str, number: int) -> str:
        """The id given to the `number`-th relation that was first known by this party."""
        return "rel_" + _base32(hmac.digest(self._index, f"relation\0{source}\0{key}\0{number}".encode(), hashlib.sha256)[:16])

    def tag(self, answer: bytes) -> str:
        """What two answers have in common when they are equal; keyed, so that nobody can guess an answer from it."""
        return _base32(hashlib.blake2b(answer, digest_size=16, key=self._tagging).digest())

    def seal(self, plain: bytes, about: str) -> bytes:
        """Sealed for one place (`about`): it can't be opened as something else."""
        nonce = os.urandom(12)
        cipher = self._ciphers[self._newest]
        return self._newest.to_bytes(2) + nonce + cipher.encrypt(nonce, zlib.compress(plain, 1), about.encode())

    def wrap(self, plain: bytes, about: str) -> bytes:
        """Sealed for a consumer to bring back. The same gives the same, so that equal answers are equal."""
        return self._wrapping.encrypt(plain, [about.encode()])

    def unwrap(self, wrapped: bytes, about: str) -> bytes:
        """What was wrapped. Raises cryptography's InvalidTag for anything else."""
        return self._wrapping.decrypt(wrapped, [about.encode()])

    def open(self, sealed: bytes, about: str) -> bytes:
        """What was sealed. Raises ConfigurationError when its key is no longer there."""
        cipher = self._ciphers.get(int.from_bytes(sealed[:2]))
        if cipher is None:
            raise ConfigurationError(f"the keys file has no seal with id {int.from_bytes(sealed[:2])}, and stored values need it")
        return zlib.decompress(cipher.decrypt(sealed[2:14], sealed[14:], about.encode()))


def _base32(data: bytes) -> str:
    number = int.from_bytes(data)
    length = -(-len(data) * 8 // 5)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range((length - 1) * 5, -1, -5))
