"""Tokens between services."""

import time

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import OctKey

from brb_shared.contracts.registry import Service
from brb_shared.http.problems import Problem
from brb_shared.http.service_tokens import Caller, ServiceKey, ServiceVerifier


@pytest.fixture
def provisioner() -> ServiceKey:
    return ServiceKey(Service.PROVISIONER, Ed25519PrivateKey.generate())


@pytest.fixture
def gateway(provisioner: ServiceKey) -> ServiceVerifier:
    return ServiceVerifier(Service.API_GATEWAY, {Service.PROVISIONER: provisioner.public_nkey})


def test_a_token_names_the_service_and_the_user_it_acts_for(provisioner: ServiceKey, gateway: ServiceVerifier) -> None:
    token = provisioner.token(Service.API_GATEWAY, user="u-1")
    assert gateway.verify(token) == Caller(Service.PROVISIONER, "u-1")


def test_a_token_for_another_audience_is_refused(provisioner: ServiceKey, gateway: ServiceVerifier) -> None:
    with pytest.raises(Problem):
        gateway.verify(provisioner.token(Service.INSTALLER))


def test_a_token_signed_by_another_key_is_refused(gateway: ServiceVerifier) -> None:
    stranger = ServiceKey(Service.PROVISIONER, Ed25519PrivateKey.generate())
    with pytest.raises(Problem):
        gateway.verify(stranger.token(Service.API_GATEWAY))


def test_an_unknown_issuer_is_refused(gateway: ServiceVerifier) -> None:
    installer = ServiceKey(Service.INSTALLER, Ed25519PrivateKey.generate())
    with pytest.raises(Problem):
        gateway.verify(installer.token(Service.API_GATEWAY))


def test_an_expired_token_is_refused(
    provisioner: ServiceKey, gateway: ServiceVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_hour_ago = time.time() - 3600
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: an_hour_ago)
        token = provisioner.token(Service.API_GATEWAY)
    with pytest.raises(Problem):
        gateway.verify(token)


def test_a_token_that_was_valid_is_refused_once_it_has_expired(
    provisioner: ServiceKey, gateway: ServiceVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = provisioner.token(Service.API_GATEWAY)
    gateway.verify(token)
    later = time.time() + 75
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Problem):
        gateway.verify(token)


def test_the_same_call_is_signed_once_in_half_a_minute(
    provisioner: ServiceKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = provisioner.token(Service.API_GATEWAY, user="u-1", groups=["g-1"])
    assert provisioner.token(Service.API_GATEWAY, user="u-1", groups=["g-1"]) == token
    later = time.time() + 31
    monkeypatch.setattr(time, "time", lambda: later)
    assert provisioner.token(Service.API_GATEWAY, user="u-1", groups=["g-1"]) != token


def test_whoever_else_or_wherever_else_has_a_token_of_its_own(
    provisioner: ServiceKey, gateway: ServiceVerifier
) -> None:
    tokens = {
        provisioner.token(Service.API_GATEWAY, user="u-1"),
        provisioner.token(Service.API_GATEWAY, user="u-2"),
        provisioner.token(Service.API_GATEWAY, user="u-1", user_name="Ada"),
        provisioner.token(Service.API_GATEWAY, user="u-1", groups=["g-1"]),
        provisioner.token(Service.AUTHZ, user="u-1"),
    }
    assert len(tokens) == 5


def test_a_forged_token_is_refused_each_time(provisioner: ServiceKey, gateway: ServiceVerifier) -> None:
    good = provisioner.token(Service.API_GATEWAY, user="u-1")
    gateway.verify(good)
    head, claims, _ = good.split(".")
    for _ in range(2):
        with pytest.raises(Problem):
            gateway.verify(f"{head}.{claims}.{'A' * 86}")


def test_the_next_service_hears_which_request_it_works_for(provisioner: ServiceKey) -> None:
    assert set(provisioner.headers(Service.API_GATEWAY)) == {"Authorization"}
    with structlog.contextvars.bound_contextvars(request_id="r-1", traceparent="00-a-b-01", cluster_id="c-1"):
        headers = provisioner.headers(Service.API_GATEWAY)
    assert (headers["X-Request-Id"], headers["traceparent"], len(headers)) == ("r-1", "00-a-b-01", 3)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "..", "e30.e30.e30"])
def test_garbage_is_refused(gateway: ServiceVerifier, token: str) -> None:
    with pytest.raises(Problem):
        gateway.verify(token)


def test_a_symmetric_algorithm_is_refused(provisioner: ServiceKey, gateway: ServiceVerifier) -> None:
    claims = {"iss": "provisioner", "aud": "api-gateway", "iat": int(time.time()), "exp": int(time.time()) + 60}
    key = OctKey.import_key(provisioner.public_nkey.ljust(64))
    forged = jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])
    with pytest.raises(Problem):
        gateway.verify(forged)
