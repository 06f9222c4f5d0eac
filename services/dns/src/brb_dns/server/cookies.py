"""DNS cookies: a client that shows our cookie has not forged its address. Source: RFC 7873, and RFC 9018 for the form.

All servers of a name need the same secret: a cookie made by one is shown to another.
"""

from siphash24 import siphash24

CLIENT_BYTES = 8
SERVER_BYTES = 16
_HEAD = b"\1\0\0\0"
"""Version 1, and three bytes that are reserved."""
_TIME_MASK = 0xFFFFFFFF
_LIFE_SECONDS = 3600
_FRESH_SECONDS = 1800
_AHEAD_SECONDS = 300
"""Source: RFC 9018, 4.3: good for an hour, made anew after half of it, five minutes of clock skew."""


class Cookies:
    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        """16 bytes each; the first one makes cookies, all are accepted: so a secret can be rolled."""
        self._secrets = secrets

    def renew(self, client: bytes, shown: bytes, address: bytes, now: int) -> bytes:
        """The server cookie to send: the one shown, while it is fresh and made with the first secret."""
        if self._age(shown, now) < _FRESH_SECONDS and shown == self._sign(self._secrets[0], client, shown[:8], address):
            return shown
        return self._sign(self._secrets[0], client, _HEAD + (now & _TIME_MASK).to_bytes(4), address)

    def is_valid(self, client: bytes, shown: bytes, address: bytes, now: int) -> bool:
        """True if we gave `shown` to this client, at this packed address, within the last hour."""
        if not -_AHEAD_SECONDS <= self._age(shown, now) <= _LIFE_SECONDS:
            return False
        return any(shown == self._sign(secret, client, shown[:8], address) for secret in self._secrets)

    def _age(self, shown: bytes, now: int) -> int:
        """In seconds, past all life for what is no cookie of ours. Serial arithmetic: RFC 9018, 4.3."""
        if len(shown) != SERVER_BYTES or shown[0] != _HEAD[0]:
            return _LIFE_SECONDS + 1
        age = (now - int.from_bytes(shown[4:8])) & _TIME_MASK
        return age - (_TIME_MASK + 1) if age > _TIME_MASK // 2 else age

    def _sign(self, secret: bytes, client: bytes, head: bytes, address: bytes) -> bytes:
        """`head`: version, reserved bytes (signed as they are) and time."""
        hashed: bytes = siphash24(client + head + address, key=secret).digest()
        return head + hashed
