"""The search for secrets finds each one that was planted, in every form and place, and nothing where there is none."""

import base64
import gzip
import json
import random
import urllib.parse

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from e2e.canary import Canaries

PASSWORD = 'p4ss???>>>~~~w0rd+"quoted" with spaces'


def canaries(secret: str = PASSWORD) -> Canaries:
    made = Canaries()
    made.add("the secret", secret)
    return made


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "abcd"])
@pytest.mark.parametrize("after", ["", "z", "zy", "zyx"])
def test_a_secret_in_base64_is_found_wherever_it_stands_in_it(before: str, after: str) -> None:
    text = base64.b64encode(f"{before}{PASSWORD}{after}".encode())
    assert [leak.form for leak in canaries().search("a place", text)] == ["in base64"]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (f"log line {PASSWORD} goes on", "in clear"),
        (json.dumps({"message": f"x {PASSWORD}"}), "escaped for JSON"),
        (urllib.parse.urlencode({"q": PASSWORD}, quote_via=urllib.parse.quote), "escaped for a URL"),
        ("(1,\\x" + f"ab{PASSWORD}".encode().hex() + ")", "in hexadecimal"),
        (b" ".join(base64.urlsafe_b64encode(bytes(n) + PASSWORD.encode()) for n in range(3)), "in base64 for URLs"),
        (base64.b64encode(b"users: " + base64.b64encode(b"a" + PASSWORD.encode())), "in base64 twice"),
        (b"\x00\xff\xfe" + PASSWORD.encode() + b"\x00", "in clear"),
    ],
)
def test_a_secret_is_found_in_each_form(content: str | bytes, form: str) -> None:
    assert form in [leak.form for leak in canaries().search("a place", content)]


KEYS = {
    "ed25519 of OpenSSH": ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    ),
    "rsa": rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ),
    "ec": ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_private_key_is_found_as_pem_in_a_kubeconfig_as_json_and_as_bytes(key: bytes) -> None:
    made = canaries(key.decode())
    der = base64.b64decode(b"".join(key.strip().splitlines()[1:-1]))
    for content in (key, base64.b64encode(key), json.dumps(key.decode()), der, der.hex(), base64.b64encode(der)):
        assert made.search("a place", content), content
    lines = [line for line in key.splitlines()[1:-1] if made.search("a place", line)]
    assert lines, "a single line of it that has a part of the secret"


def test_a_public_key_is_no_leak_of_its_private_half() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert canaries(private).search("a place", public) == []


def test_nothing_is_found_in_what_has_none() -> None:
    noise = random.Random(1).randbytes(1 << 20)
    assert canaries().search("a place", noise + base64.b64encode(noise) + noise.hex().encode()) == []
    assert canaries().search("a place", PASSWORD[:-1]) == []
    assert canaries().search("a place", gzip.compress(PASSWORD.encode() * 3)[:10]) == []


def test_what_was_found_is_told_without_the_secret() -> None:
    (leak,) = canaries().search("the log of nats", PASSWORD.replace('"', "") + " " + PASSWORD)[:1]
    assert (leak.secret, leak.place) == ("the secret", "the log of nats")
    assert PASSWORD not in repr(leak)


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_secret_that_was_not_to_be_had_is_refused_not_passed_over(secret: str) -> None:
    with pytest.raises(ValueError, match="too short"):
        canaries(secret)
