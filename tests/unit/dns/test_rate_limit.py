"""Response rate limiting."""

from ipaddress import ip_network

from brb_dns.server.rate_limit import AnswerClass, Limits, RateLimiter, Verdict

ANSWER, NXDOMAIN = AnswerClass.ANSWER, AnswerClass.NXDOMAIN
PASS, SLIP, DROP = Verdict.PASS, Verdict.SLIP, Verdict.DROP


def limiter(answers: int = 3, slip: int = 2, exempt: tuple[str, ...] = ()) -> RateLimiter:
    limits = Limits(
        answers=answers,
        nodata=3,
        nxdomain=1,
        errors=1,
        window_seconds=2,
        slip=slip,
        ipv4_prefix=24,
        ipv6_prefix=56,
        exempt=tuple(ip_network(network) for network in exempt),
    )
    made = RateLimiter(limits)
    made.tick(100)
    return made


def judge(limiter: RateLimiter, times: int, host: str = "192.0.2.1", of: AnswerClass = ANSWER) -> list[Verdict]:
    return [limiter.judge(host, of) for _ in range(times)]


def test_answers_up_to_the_rate_pass_and_of_the_others_one_in_slip_is_truncated() -> None:
    assert judge(limiter(), 7) == [PASS, PASS, PASS, DROP, SLIP, DROP, SLIP]
    assert judge(limiter(slip=1), 5) == [PASS, PASS, PASS, SLIP, SLIP]
    assert judge(limiter(slip=0), 5) == [PASS, PASS, PASS, DROP, DROP]


def test_the_next_second_brings_credit_once_the_debt_is_paid() -> None:
    made = limiter(slip=0)
    judge(made, 5)  # two in debt
    made.tick(101)
    assert judge(made, 3) == [PASS, DROP, DROP]


def test_debt_is_at_most_the_window() -> None:
    made = limiter(slip=0)
    judge(made, 1000)  # six in debt: two seconds of three
    made.tick(102)
    assert judge(made, 1) == [DROP]
    made.tick(104)
    assert judge(made, 3) == [PASS, PASS, PASS]


def test_saved_credit_is_at_most_one_second() -> None:
    made = limiter(slip=0)
    judge(made, 1)
    made.tick(1000)
    assert judge(made, 4) == [PASS, PASS, PASS, DROP]


def test_classes_have_accounts_of_their_own() -> None:
    made = limiter(slip=0)
    assert judge(made, 2, of=NXDOMAIN) == [PASS, DROP]
    assert judge(made, 3) == [PASS, PASS, PASS]


def test_hosts_of_one_network_share_an_account_and_other_networks_do_not() -> None:
    made = limiter(slip=0)
    assert judge(made, 2, "192.0.2.1") + judge(made, 2, "192.0.2.200") == [PASS, PASS, PASS, DROP]
    assert judge(made, 1, "192.0.3.1") == [PASS]
    assert judge(made, 2, "2001:db8::1") + judge(made, 2, "2001:db8:0:ff::1") == [PASS, PASS, PASS, DROP]
    assert judge(made, 1, "2001:db8:0:100::1") == [PASS]
    assert judge(made, 4, "fe80::1%lo") == [PASS, PASS, PASS, DROP]


def test_rate_zero_is_no_limit_and_exempt_networks_have_none() -> None:
    assert set(judge(limiter(answers=0), 1000)) == {PASS}
    made = limiter(exempt=("192.0.2.8/32",))
    assert set(judge(made, 100, "192.0.2.8")) == {PASS}
    made.tick(101)
    assert set(judge(made, 100, "192.0.2.8")) == {PASS}
    assert DROP in judge(made, 10, "192.0.2.9")


def test_forged_addresses_do_not_fill_the_memory() -> None:
    made = limiter()
    for number in range(110_000):
        made.judge(f"{number >> 16}.{number >> 8 & 255}.{number & 255}.1", ANSWER)
    assert len(made.hosts) < 110_000
