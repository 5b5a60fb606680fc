"""Keyed, deterministic names: the same key gives the same answer in every process."""

import hashlib
import hmac
import secrets


class Key:
    """The secret behind pseudonyms, UIDs, date shifts and instance keys.

    One key makes results consistent over a run and between runs. Without it nobody can
    tell which original a name stands for; with it anybody who can guess an original can
    check the guess, so it is kept as safe as the originals.

    Raises:
        ValueError: If the secret is shorter than 16 bytes.
    """

    MIN_BYTES = 16

    def __init__(self, secret: bytes) -> None:
        if len(secret) < self.MIN_BYTES:
            raise ValueError("the key needs at least 16 bytes")
        self._secret = secret

    @classmethod
    def random(cls) -> "Key":
        """A new key."""
        return cls(secrets.token_hex(32).encode())

    def digest(self, purpose: str, *values: str) -> bytes:
        """HMAC-SHA-256 of the values, separate for each purpose (32 bytes)."""
        message = b"".join(
            len(data).to_bytes(8, "big") + data
            for data in (
                part.encode("utf-8", "surrogatepass") for part in (purpose, *values)
            )
        )
        return hmac.new(self._secret, message, hashlib.sha256).digest()

    def uid(self, original: str, *more: str) -> str:
        """A UID for ``original``, in the UUID-derived form of PS3.5 B.2 (``2.25.``)."""
        number = bytearray(self.digest("uid", original, *more)[:16])
        number[6] = number[6] & 0x0F | 0x80  # a version 8 UUID, RFC 9562
        number[8] = number[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(number, 'big')}"

    def pseudonym(self, original: str) -> str:
        """A patient's new PatientID: 16 characters, letters and digits."""
        return self.digest("patient", original).hex()[:16].upper()

    def days(self, patient: str, most: int) -> int:
        """A patient's date shift, 1 to ``most`` days."""
        return 1 + int.from_bytes(self.digest("days", patient)[:8], "big") % most

    def instance(self, source: str) -> str:
        """The instance key that manifests and messages use instead of a name."""
        return self.digest("instance", source).hex()[:24]

    def share(self, *values: str) -> float:
        """A number in [0, 1) that depends on the values only: a keyed coin."""
        return int.from_bytes(self.digest("share", *values)[:7], "big") / 2**56

    def __repr__(self) -> str:
        return "Key(**********)"
