"""Signatures that do not hold, keys that change, and an issuer that is away. The issuer is the tests' own."""

import asyncio
import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.responses import JSONResponse, Response

from brb_api_gateway.oidc.http import LONGEST_BYTES
from brb_shared.http import Problem
from fakes.oidc_issuer import GONE, new_key
from unit.api_gateway.test_oidc import CONFIGURATION, URL, World, issuer, world

__all__ = ["issuer", "world"]

CONFIGURED = {
    "issuer": URL,
    "authorization_endpoint": f"{URL}/authorize",
    "token_endpoint": f"{URL}/token",
    "jwks_uri": f"{URL}/jwks",
}


def part(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    return f"{part({'alg': 'none'})}.{part(claims)}."


def garbage(claims: dict[str, Any]) -> str:
    return "garbage"


def empty(claims: dict[str, Any]) -> str:
    return ""


@pytest.mark.parametrize("make", [unsigned, garbage, empty])
async def test_what_is_not_signed_is_refused(world: World, make: Callable[[dict[str, Any]], str]) -> None:
    world.issuer.id_token = make
    assert await world.problem() == (502, "id_token_refused")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_shared_secret(world: World, algorithm: str) -> None:
    published = RSAKey.generate_key(2048, {"kid": "one"})
    world.issuer.published = [published]
    secret = OctKey.import_key(base64.urlsafe_b64encode(published.as_pem(private=False)).decode(), {"kid": "one"})

    def forged(claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": algorithm, "kid": "one"}, claims, secret, algorithms=[algorithm])

    world.issuer.id_token = forged
    assert await world.problem() == (502, "id_token_refused")


async def test_the_client_secret_is_no_key_either(world: World) -> None:
    secret = OctKey.import_key(base64.urlsafe_b64encode(b"canary-client-secret-71c0").decode())
    world.issuer.id_token = lambda claims: jwt.encode({"alg": "HS256"}, claims, secret, algorithms=["HS256"])
    assert await world.problem() == (502, "id_token_refused")


async def test_another_key_of_the_same_id_does_not_hold(world: World) -> None:
    world.issuer.key = new_key("one")
    assert await world.problem() == (502, "id_token_refused")


async def test_a_key_brought_along_in_the_token_is_not_used(world: World) -> None:
    stranger = new_key("one")
    world.issuer.key = stranger
    world.issuer.header = {"jwk": stranger.as_dict(private=False), "jku": f"{URL}/jwks"}
    assert await world.problem() == (502, "id_token_refused")


async def test_what_else_stands_in_the_header_is_passed_over(world: World) -> None:
    world.issuer.header = {"typ": "JWT", "rh": "0.AX0A", "x5t": "nothing"}
    assert (await world.sign_in()).subject == "7f3a"


async def test_changed_claims_break_the_signature(world: World) -> None:
    honest = world.issuer.id_token

    def changed(claims: dict[str, Any]) -> str:
        header, _, signature = honest(claims).split(".")
        return f"{header}.{part({**claims, 'sub': 'root'})}.{signature}"

    world.issuer.id_token = changed
    assert await world.problem() == (502, "id_token_refused")


async def test_a_key_id_that_is_not_published_is_refused(world: World) -> None:
    world.issuer.header = {"kid": "unknown"}
    assert await world.problem() == (502, "id_token_refused")


async def test_without_a_key_id_there_must_be_no_choice(world: World) -> None:
    world.issuer.header = {"kid": GONE}
    assert (await world.sign_in()).subject == "7f3a"
    world.issuer.published.append(new_key("two"))
    world.clock.seconds += 3_600
    assert await world.problem() == (502, "id_token_refused")


async def test_keys_for_other_purposes_and_kinds_are_passed_over(world: World) -> None:
    keys = [
        {**world.issuer.key.as_dict(private=False), "use": "enc"},
        {"kty": "oct", "kid": "one", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"},
        {"kty": "AKP", "kid": "one", "alg": "ML-DSA-44"},
        {"kty": "EC", "kid": "one", "crv": "P-256"},
        {**world.issuer.key.as_dict(private=False), "alg": "ES512"},
        "not a key",
    ]
    world.issuer.replaced["/jwks"] = lambda: JSONResponse({"keys": keys})
    with pytest.raises(Problem, match="a key that the issuer does not publish"):
        await world.sign_in()


@pytest.mark.parametrize("keys", [[], {}, [{"kty": "oct", "k": "c2VjcmV0"}], GONE])
async def test_a_set_without_a_key_that_is_taken_is_an_error(world: World, keys: Any) -> None:
    world.issuer.replaced["/jwks"] = lambda: JSONResponse({} if keys is GONE else {"keys": keys})
    assert await world.problem() == (502, "issuer_misconfigured")


async def test_a_new_key_is_asked_for_when_it_is_first_seen(world: World) -> None:
    await world.sign_in()
    world.issuer.key = new_key("two")
    world.issuer.published = [world.issuer.key]
    world.clock.seconds += 61
    assert (await world.sign_in()).subject == "7f3a"
    assert world.issuer.asked["/jwks"] == 2


async def test_unknown_keys_do_not_make_us_ask_more_than_once_a_minute(world: World) -> None:
    await world.sign_in()
    world.issuer.header = {"kid": "unknown"}
    for expected in (1, 2):
        for _ in range(5):
            world.clock.seconds += 1
            await world.problem()
        assert world.issuer.asked["/jwks"] == expected
        world.clock.seconds += 60


async def test_keys_are_asked_for_again_when_their_sender_says_so(world: World) -> None:
    answer = {"keys": [key.as_dict(private=False) for key in world.issuer.published]}
    world.issuer.replaced["/jwks"] = lambda: JSONResponse(answer, headers={"Cache-Control": "public, max-age=600"})
    for expected, seconds in ((1, 0), (1, 599), (2, 2), (2, 0)):
        world.clock.seconds += seconds
        await world.sign_in()
        assert world.issuer.asked["/jwks"] == expected


async def test_while_the_issuer_is_away_its_known_keys_are_used_on(world: World) -> None:
    await world.sign_in()
    world.clock.seconds += 90_000
    for path in ("/jwks", CONFIGURATION):
        world.issuer.replaced[path] = lambda: Response("down", 503)
    for _ in range(2):
        world.clock.seconds += 1
        assert (await world.sign_in()).subject == "7f3a"
    assert world.issuer.asked["/jwks"] == 2, "and it is left alone for a minute"
    world.issuer.replaced.clear()
    world.issuer.key = new_key("two")
    world.issuer.published = [world.issuer.key]
    world.clock.seconds += 61
    assert (await world.sign_in()).subject == "7f3a", "and it recovers"


async def test_an_issuer_that_was_never_there_is_unavailable(world: World) -> None:
    world.issuer.replaced[CONFIGURATION] = lambda: Response("down", 503)
    assert await world.problem() == (503, "issuer_unavailable")
    world.issuer.replaced[CONFIGURATION] = lambda: Response("none", 404)
    world.clock.seconds += 1
    assert await world.problem() == (503, "issuer_unavailable")
    world.issuer.replaced.clear()
    world.clock.seconds += 1
    assert (await world.sign_in()).subject == "7f3a", "the next one asks again"


async def test_a_crowd_asks_once(world: World) -> None:
    results = await asyncio.gather(*(world.sign_in() for _ in range(20)))
    assert len(results) == 20
    assert (world.issuer.asked[CONFIGURATION], world.issuer.asked["/jwks"]) == (1, 1)


async def test_who_gives_up_while_asking_leaves_nothing_behind(world: World) -> None:
    first = asyncio.create_task(world.sign_in())
    await asyncio.sleep(0)
    second = asyncio.create_task(world.sign_in())
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).subject == "7f3a"


async def test_a_crowd_before_a_closed_door_knocks_once(world: World) -> None:
    world.issuer.replaced[CONFIGURATION] = lambda: Response("down", 503)
    results = await asyncio.gather(*(world.sign_in() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(result, Problem) for result in results)
    assert world.issuer.asked[CONFIGURATION] == 1


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": URL + "/"},
        {"issuer": GONE},
        {"token_endpoint": GONE},
        {"jwks_uri": 7},
        {"jwks_uri": "http://id.example/jwks"},
        {"token_endpoint": "http://id.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_configuration_that_is_not_right_is_refused(world: World, metadata: dict[str, Any]) -> None:
    world.issuer.metadata = metadata
    assert await world.problem() == (502, "issuer_misconfigured")


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response(status_code=302, headers={"Location": "http://127.0.0.1:9400/jwks"}),
        lambda: Response("<html>"),
        lambda: Response("[]"),
        lambda: Response("[" * 100_000),
        lambda: Response(gzip.compress(json.dumps(CONFIGURED).encode()), headers={"Content-Encoding": "gzip"}),
    ],
)
async def test_an_answer_that_is_no_document_is_refused(world: World, answer: Callable[[], Response]) -> None:
    world.issuer.replaced[CONFIGURATION] = answer
    assert await world.problem() == (502, "issuer_misconfigured")
    assert world.issuer.asked["/jwks"] == 0


async def test_the_least_configuration_is_enough(world: World) -> None:
    """What is refused around this test is refused for nothing else."""
    world.issuer.replaced[CONFIGURATION] = lambda: JSONResponse(CONFIGURED)
    assert (await world.sign_in()).subject == "7f3a"


async def test_a_huge_answer_is_not_read_to_its_end(world: World) -> None:
    world.issuer.replaced[CONFIGURATION] = lambda: JSONResponse({**CONFIGURED, "x": "y" * LONGEST_BYTES})
    with pytest.raises(Problem, match="more than 1048576 bytes"):
        await world.sign_in()


@pytest.mark.parametrize("address", ["http://[::1]:9400/jwks", "https://169.254.169.254/x", "https://10.0.0.1/jwks"])
async def test_an_internal_address_is_not_asked(world: World, address: str) -> None:
    world.issuer.metadata = {"jwks_uri": address}
    with pytest.raises(Problem, match="internal address"):
        await world.sign_in()
