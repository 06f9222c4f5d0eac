"""The OIDC protocol: who may come out of it, and what is kept of an issuer. The issuer is the tests' own."""

import hashlib
import warnings
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.errors import SecurityWarning
from starlette.responses import JSONResponse, Response

from brb_api_gateway.identities.identity import Identity
from brb_api_gateway.oidc.address import is_acceptable
from brb_api_gateway.oidc.client import OidcClient
from brb_api_gateway.oidc.http import IssuerHttp, open_client
from brb_api_gateway.oidc.pkce import Attempt, new_attempt
from brb_api_gateway.oidc.provider import Provider
from brb_api_gateway.webhooks.target import TargetPolicy
from brb_shared.http import Problem
from fakes.oidc_issuer import CLIENT_ID, CLIENT_SECRET, GONE, Issuer, half_hash, new_key

URL = "http://127.0.0.1:9400"
CALLBACK = "http://127.0.0.1:8080/v1/sign-ins/callback"
CONFIGURATION = "/.well-known/openid-configuration"
PROVIDER = Provider("corp", URL, CLIENT_ID, CLIENT_SECRET, ("profile",), "preferred_username", "groups")


class VirtualClock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class World:
    def __init__(self, issuer: Issuer, http: IssuerHttp, clock: VirtualClock) -> None:
        self.issuer = issuer
        self.clock = clock
        self.client = OidcClient(http, CALLBACK, clock)

    async def sign_in(self, provider: Provider = PROVIDER, attempt: Attempt | None = None) -> Identity:
        attempt = attempt or new_attempt()
        back = self.issuer.authorize(await self.client.authorization_url(provider, attempt))
        await self.client.require_issuer(provider, back.get("iss"))
        return await self.client.identify(provider, back["code"], attempt)

    async def problem(self, provider: Provider = PROVIDER) -> tuple[int, str]:
        with pytest.raises(Problem) as caught:
            await self.sign_in(provider)
        return caught.value.document.status, caught.value.document.code


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(URL)


@pytest.fixture
async def world(issuer: Issuer) -> AsyncIterator[World]:
    async with open_client(httpx.ASGITransport(issuer)) as client:
        yield World(issuer, IssuerHttp(client, TargetPolicy(["127.0.0.0/8"]), allow_http=False), VirtualClock())


async def test_who_it_is_comes_in_our_own_form(world: World) -> None:
    world.issuer.claims = {
        "preferred_username": "ada",
        "email": "ada@example.org",
        "groups": ["developers", "system:masters"],
    }
    identity = await world.sign_in()
    assert identity == Identity(
        user_id=identity.user_id,
        identity_provider="corp",
        subject="7f3a",
        name="ada",
        email="ada@example.org",
        groups=("oidc:corp:developers", "oidc:corp:system:masters"),
    )
    assert identity.user_id == "oidc:corp:7f3a"


async def test_no_subject_of_kubernetes_own_can_come_out(world: World) -> None:
    world.issuer.subject = "system:admin"
    world.issuer.claims = {"groups": "system:masters"}
    identity = await world.sign_in()
    assert not any(each.startswith("system:") for each in (identity.user_id, *identity.groups))


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\nb", "a\x00b", "a\u202eb", "   ", 7, None, ["a"], GONE])
async def test_a_subject_that_could_deceive_is_refused(world: World, subject: Any) -> None:
    world.issuer.claims = {"sub": subject, "groups": [], "name": "x"}
    assert await world.problem() == (403, "sign_in_not_allowed")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_each_algorithm_that_is_taken_is_taken(world: World, algorithm: str) -> None:
    world.issuer.key = new_key("other", algorithm)
    world.issuer.algorithm = algorithm
    world.issuer.published = [new_key("noise", "RS256"), new_key("noise", "ES256"), world.issuer.key]
    function = hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256
    world.issuer.claims = {"at_hash": half_hash("at-1", function)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # the issuer's own signing, with the name EdDSA
        assert (await world.sign_in()).subject == "7f3a"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://127.0.0.1:9401"},
        {"iss": URL + "/"},
        {"iss": GONE},
        {"aud": "another"},
        {"aud": []},
        {"aud": GONE},
        {"aud": [CLIENT_ID, "another"]},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": 1},
        {"exp": GONE},
        {"exp": "9999999999"},
        {"exp": True},
        {"iat": 9_999_999_999},
        {"iat": GONE},
        {"nbf": 9_999_999_999},
        {"at_hash": half_hash("at-2")},
        {"at_hash": ""},
    ],
)
async def test_a_claim_that_does_not_agree_is_refused(world: World, claims: dict[str, Any]) -> None:
    world.issuer.claims = claims
    assert await world.problem() == (502, "id_token_refused")


@pytest.mark.parametrize("nonce", ["another", "", GONE, 7, None])
async def test_a_token_of_another_sign_in_is_refused(world: World, nonce: Any) -> None:
    world.issuer.claims = {"nonce": nonce}
    assert await world.problem() == (401, "sign_in_refused")


async def test_several_audiences_need_the_authorized_party(world: World) -> None:
    world.issuer.claims = {"aud": ["another", CLIENT_ID], "azp": CLIENT_ID, "at_hash": half_hash("at-1")}
    assert (await world.sign_in()).subject == "7f3a"


async def test_what_was_asked_for_is_bound_to_this_sign_in(world: World) -> None:
    attempt = new_attempt()
    address = httpx.URL(await world.client.authorization_url(PROVIDER, attempt))
    assert address.params["tenant"] == "acme", "what the endpoint has in its own query stays"
    assert address.params["scope"] == "openid profile"
    assert address.params["redirect_uri"] == CALLBACK
    assert address.params["code_challenge"] != attempt.verifier
    assert len({attempt.state, attempt.nonce, attempt.verifier}) == 3
    back = world.issuer.authorize(str(address))
    with pytest.raises(Problem) as caught:
        await world.client.identify(PROVIDER, back["code"], replace(attempt, verifier=new_attempt().verifier))
    assert caught.value.document.code == "sign_in_refused"
    with pytest.raises(Problem, match="begin again"):
        await world.client.identify(PROVIDER, back["code"], attempt)


async def test_a_public_client_needs_no_secret(world: World) -> None:
    world.issuer.client_secret = None
    assert (await world.sign_in(replace(PROVIDER, client_secret=None))).subject == "7f3a"


async def test_a_wrong_client_secret_is_for_the_administrators(world: World) -> None:
    wrong = replace(PROVIDER, client_secret="wrong")
    with pytest.raises(Problem, match="client id or secret; this is for the platform's administrators"):
        await world.sign_in(wrong)
    assert await world.problem(wrong) == (502, "issuer_misconfigured")


@pytest.mark.parametrize(
    ("claims", "userinfo", "claim", "groups"),
    [
        ({"groups": ["a", "b"]}, {"groups": ["c"]}, "groups", ["a", "b"]),
        ({}, {"groups": ["c"]}, "groups", ["c"]),
        ({"realm_access": {"roles": ["a"]}}, {}, "realm_access.roles", ["a"]),
        ({"realm_access": {}}, {"realm_access": {"roles": ["a"]}}, "realm_access.roles", ["a"]),
        ({"https://acme.example/groups": ["a"]}, {}, "https://acme.example/groups", ["a"]),
        ({"groups": "a"}, {}, "groups", ["a"]),
        ({"groups": ["Domain Users", "a\nb", "", "x" * 256]}, {}, "groups", ["Domain Users"]),
        ({}, {}, "groups", []),
    ],
)
async def test_groups_are_found(
    world: World, claims: dict[str, Any], userinfo: dict[str, Any], claim: str, groups: list[str]
) -> None:
    world.issuer.claims, world.issuer.userinfo = {"name": "Ada", **claims}, userinfo
    identity = await world.sign_in(replace(PROVIDER, groups_claim=claim))
    assert identity.groups == tuple(f"oidc:corp:{group}" for group in groups)


@pytest.mark.parametrize("groups", [{"a": 1}, 7, ["a", 7], [["a"]]])
async def test_groups_of_another_form_are_an_error(world: World, groups: Any) -> None:
    world.issuer.claims = {"name": "Ada", "groups": groups}
    assert await world.problem() == (502, "issuer_misconfigured")


async def test_only_the_allowed_groups_get_in(world: World) -> None:
    provider = replace(PROVIDER, allowed_groups=("ops", "dev"))
    world.issuer.userinfo = {"groups": ["sales"]}
    assert await world.problem(provider) == (403, "sign_in_not_allowed")
    world.issuer.userinfo = {"groups": ["sales", "dev"]}
    assert (await world.sign_in(provider)).groups == ("oidc:corp:sales", "oidc:corp:dev")


@pytest.mark.parametrize("other", ["someone-else", None, GONE])
async def test_userinfo_about_somebody_else_is_refused(world: World, other: Any) -> None:
    world.issuer.userinfo = {"groups": ["admins"]}
    world.issuer.replaced["/userinfo"] = lambda: JSONResponse({} if other is GONE else {"sub": other, "groups": ["x"]})
    assert await world.problem() == (502, "issuer_misconfigured")


async def test_userinfo_is_not_asked_where_the_token_says_it_all(world: World) -> None:
    world.issuer.claims = {"groups": [], "email": "ada@example.org"}
    assert (await world.sign_in()).name == "ada@example.org"
    assert world.issuer.asked["/userinfo"] == 0
    world.issuer.claims = {"groups": []}
    world.issuer.userinfo = {"name": "Ada Lovelace"}
    assert (await world.sign_in(replace(PROVIDER, name_claim="nickname"))).name == "Ada Lovelace"


async def test_an_answer_of_another_issuer_is_refused(world: World) -> None:
    world.issuer.callback = {"iss": "https://evil.example"}
    assert await world.problem() == (401, "sign_in_refused")
    world.issuer.callback = {"iss": URL}
    assert (await world.sign_in()).subject == "7f3a"


async def test_an_issuer_that_says_it_names_itself_has_to(world: World) -> None:
    world.issuer.metadata = {"authorization_response_iss_parameter_supported": True}
    assert await world.problem() == (401, "sign_in_refused")
    assert world.issuer.asked["/token"] == 0, "the code goes to nobody"


async def test_a_token_endpoint_that_gives_no_id_token_is_an_error(world: World) -> None:
    world.issuer.replaced["/token"] = lambda: JSONResponse({"access_token": "at-1"})
    assert await world.problem() == (502, "issuer_misconfigured")
    world.issuer.replaced["/token"] = lambda: JSONResponse({"error": "invalid_request"}, 400)
    assert await world.problem() == (502, "issuer_misconfigured")
    world.issuer.replaced["/token"] = lambda: Response("oops", 500)
    assert await world.problem() == (503, "issuer_unavailable")


async def test_an_issuers_cookies_do_not_tie_one_sign_in_to_the_next(world: World) -> None:
    for _ in range(2):
        await world.sign_in()
    assert world.issuer.asked["/jwks"] == 1
    assert world.issuer.cookies == []


@pytest.mark.parametrize(
    ("url", "allow_http", "accepted"),
    [
        ("https://id.example/realms/x", False, True),
        ("http://id.example", False, False),
        ("http://id.example", True, True),
        ("http://localhost:8000", False, True),
        ("http://127.0.0.1", False, True),
        ("http://[::1]:80", False, True),
        ("http://localhost.evil.example", False, False),
        ("http://127.0.0.1.evil.example", False, False),
        ("https://user:pass@id.example", True, False),
        ("https://", True, False),
        ("https://id.example:99999", True, False),
        ("https://id.example/#x", True, False),
        ("javascript:alert(1)", True, False),
        ("file:///etc/passwd", True, False),
    ],
)
def test_which_addresses_are_taken(url: str, allow_http: bool, accepted: bool) -> None:
    assert is_acceptable(url, allow_http=allow_http) is accepted
