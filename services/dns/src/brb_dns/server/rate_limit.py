"""Response rate limiting: a forged address is not flooded through us. Source: BIND's RRL (ISC-TN-2012-1), NSD's too.

Each network of clients (a /24, a /56) has an account for each class of answers: so many a second, debt up to a window
of seconds, and of the answers above that one in `slip` goes out as a truncated one: who is really there asks again by
TCP, or shows the cookie that the truncated answer brought. Names do not count, as every name here is a wildcard's.
"""

import socket
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address

from brb_dns.zone.networks import Network


class AnswerClass(IntEnum):
    """The accounts; the value is the place in a `Bucket`."""

    ANSWER = 1
    NODATA = 2
    NXDOMAIN = 3
    ERROR = 4


class Verdict(IntEnum):
    PASS = 0
    SLIP = 1
    DROP = 2


@dataclass(frozen=True)
class Limits:
    """Answers a second for one network of clients, 0 for no limit; prefix lengths of those networks in bits."""

    answers: int
    nodata: int
    nxdomain: int
    errors: int
    window_seconds: int
    slip: int
    ipv4_prefix: int
    ipv6_prefix: int
    exempt: tuple[Network, ...]

    @property
    def rates(self) -> tuple[int, int, int, int]:
        return (self.answers, self.nodata, self.nxdomain, self.errors)


Bucket = list[int]
"""[second of the last credit, balance of each class …, answers limited]. A network's hosts share one."""

_NETWORKS = 100_000
_BOUNDLESS = 1 << 62
_EXEMPT = -1


class RateLimiter:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rates = [rate or _BOUNDLESS for rate in limits.rates]
        self._floors = [-limits.window_seconds * rate if rate else 0 for rate in limits.rates]
        self._slip = limits.slip
        self._networks: dict[tuple[int, int], Bucket] = {}
        self.hosts: dict[str, Bucket] = {}
        self.now = [0]
        """One number, shared with the fast path."""

    def tick(self, now: int) -> None:
        """`now`: seconds of a clock that never goes back."""
        self.now[0] = now

    def judge(self, host: str, answer_class: AnswerClass) -> Verdict:
        bucket = self.hosts.get(host) or self.bucket(host)
        if bucket[0] != self.now[0]:
            self.credit(bucket)
        if bucket[answer_class] > 0:
            bucket[answer_class] -= 1
            return Verdict.PASS
        return self.overdraw(bucket, answer_class)

    def overdraw(self, bucket: Bucket, answer_class: int) -> Verdict:
        """The account is empty."""
        bucket[answer_class] = max(bucket[answer_class] - 1, self._floors[answer_class - 1])
        bucket[5] += 1
        return Verdict.SLIP if self._slip and bucket[5] % self._slip == 0 else Verdict.DROP

    def credit(self, bucket: Bucket) -> None:
        seconds = self.now[0] - bucket[0]
        bucket[0] = self.now[0]
        if bucket[5] == _EXEMPT:
            return
        for at, rate in enumerate(self._rates, 1):
            bucket[at] = min(rate, bucket[at] + seconds * rate)

    def bucket(self, host: str) -> Bucket:
        """The account of the host's network. All are forgotten when there are too many: addresses are being forged."""
        if len(self.hosts) >= _NETWORKS:
            self.hosts.clear()
            self._networks.clear()
        network = self._network(host)
        bucket = self._networks.get(network)
        if self._is_exempt(host):
            bucket = [self.now[0], *([_BOUNDLESS] * 4), _EXEMPT]
        elif bucket is None:
            bucket = self._networks[network] = [self.now[0], *self._rates, 0]
        self.hosts[host] = bucket
        return bucket

    def _network(self, host: str) -> tuple[int, int]:
        family, bits, prefix = socket.AF_INET, 32, self._limits.ipv4_prefix
        if ":" in host:
            family, bits, prefix = socket.AF_INET6, 128, self._limits.ipv6_prefix
        number = int.from_bytes(socket.inet_pton(family, host.partition("%")[0]))
        return bits, number >> (bits - prefix)

    def _is_exempt(self, host: str) -> bool:
        exempt = self._limits.exempt
        return bool(exempt) and any(ip_address(host) in network for network in exempt)
