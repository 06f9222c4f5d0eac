"""A certificate authority behind the ACME library's own transport: real JWS in, real certificates out, scripted faults.

It looks at a zone in memory, keeps RFC 8555's states, and counts what it was asked, so that a test can say what leaked.
"""

import io
import itertools
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import requests
from acme import jws
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from josepy import b64, jwk
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from fakes.cloud_base import Script

Json = dict[str, Any]
BASE = "https://ca.test"
DIRECTORY = f"{BASE}/directory"


@dataclass(frozen=True)
class Fault:
    """What the next request of a kind gets: a problem document, or no answer at all (`breaks`)."""

    kind: str = "serverInternal"
    detail: str = "scripted"
    status: int = 500
    retry_after: str | None = None
    breaks: requests.RequestException | None = None


@dataclass
class FakeOrder:
    url: str
    account: str
    names: tuple[str, ...]
    status: str = "pending"
    replaces: str | None = None
    profile: str | None = None
    authorizations: list["FakeAuthorization"] = field(default_factory=list)
    chain: str = ""
    error: Json | None = None


@dataclass
class FakeAuthorization:
    url: str
    name: str
    wildcard: bool
    token: str
    status: str = "pending"
    answers: int = 0
    error: Json | None = None


class FakeCa(BaseAdapter):
    """`look`: the TXT values that the zone shows under a name."""

    def __init__(self, look: Callable[[str], frozenset[str]], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._look = look
        self._now = now
        self.script = Script()
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.is_down = False
        self.lists_orders = True
        self.has_renewal_info = True
        self.window: tuple[datetime, datetime] | None = None
        self.life = timedelta(days=90)
        self.caa_identities = ["ca.test"]
        self.external_accounts: dict[str, str] = {}
        self.accounts: dict[str, str] = {}
        self.bindings: list[str] = []
        self.contacts: dict[str, list[str]] = {}
        self.orders: dict[str, FakeOrder] = {}
        self.revoked: list[int] = []
        self.issued: list[x509.Certificate] = []
        self._nonces: set[str] = set()
        self._numbers = itertools.count(1)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Fake CA")])

    # --- for tests

    def fails_next(self, kind: str, fault: Fault) -> None:
        self.faults[kind].append(fault)

    def forgets_everything(self) -> None:
        """As an authority that was restarted without its database."""
        self.accounts.clear()
        self.orders.clear()

    @property
    def open_orders(self) -> list[FakeOrder]:
        return [order for order in self.orders.values() if order.status in ("pending", "ready", "processing")]

    # --- the transport

    def close(self) -> None:
        return

    def send(  # type: ignore[override]  # the library passes more that does not matter here
        self, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        path = str(request.url).removeprefix(BASE)
        kind = path.split("/")[1]
        number = self.script.before(f"ca {request.method} {kind}")
        fault = self._fault(kind)
        if fault is None:
            answer = self._serve(request, kind, path)
        elif fault.breaks is not None:
            raise fault.breaks
        else:
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            answer = self._problem(fault.kind, fault.detail, fault.status, headers)
        self.script.after(number, f"ca {request.method} {kind}")
        answer.request, answer.url = request, str(request.url)
        return answer

    def _fault(self, kind: str) -> Fault | None:
        if self.is_down:
            return Fault(breaks=requests.ConnectionError("connection refused"))
        return self.faults[kind].popleft() if self.faults[kind] else None

    def _serve(self, request: requests.PreparedRequest, kind: str, path: str) -> requests.Response:
        if kind == "directory":
            return self._answer(self._directory())
        if kind == "nonce":
            return self._answer(None)
        if kind == "renewal":
            return self._renewal_info()
        return self._signed(request, kind, path)

    def _signed(self, request: requests.PreparedRequest, kind: str, path: str) -> requests.Response:
        body = request.body or b""
        signed = jws.JWS.json_loads(body.decode() if isinstance(body, bytes) else body)
        header = signed.signature.combined
        nonce = b64.b64encode(header.nonce).decode()
        if nonce not in self._nonces:
            return self._problem("badNonce", "not a nonce of mine", 400)
        self._nonces.remove(nonce)
        payload: Json | None = json.loads(signed.payload) if signed.payload else None
        if kind == "account":
            if path == "/account":
                return self._new_account(header.jwk, payload or {})
            return self._account(header.kid, payload or {})
        if header.kid not in self.accounts.values():
            return self._problem("accountDoesNotExist", "no such account", 400)
        key = next(jwk_ for jwk_, uri in self.accounts.items() if uri == header.kid)
        assert signed.verify(jwk.JWK.from_json(json.loads(key)))
        return getattr(self, f"_{kind}")(payload, BASE + path, header.kid, key)  # type: ignore[no-any-return]

    # --- the protocol

    def _directory(self) -> Json:
        names = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order", "revokeCert": "revoke"}
        names |= {"renewalInfo": "renewal"} if self.has_renewal_info else {}
        meta = {"caaIdentities": self.caa_identities, "externalAccountRequired": bool(self.external_accounts)}
        return {**{name: f"{BASE}/{path}" for name, path in names.items()}, "meta": meta}

    def _new_account(self, key: jwk.JWK, payload: Json) -> requests.Response:
        text = json.dumps(key.to_json(), sort_keys=True)
        binding = payload.get("externalAccountBinding")
        if self.external_accounts and binding is None:
            return self._problem("externalAccountRequired", "bind your account", 403)
        if binding is not None:
            self.bindings.append(json.loads(b64.b64decode(binding["protected"]))["kid"])
        known = text in self.accounts
        uri = self.accounts.setdefault(text, f"{BASE}/account/{next(self._numbers)}")
        if not known:
            self.contacts[uri] = payload.get("contact", [])
        return self._answer({"status": "valid"}, 200 if known else 201, {"Location": uri})

    def _account(self, uri: str, changes: Json) -> requests.Response:
        if uri not in self.accounts.values():
            return self._problem("accountDoesNotExist", "no such account", 400)
        self.contacts[uri] = changes.get("contact", self.contacts[uri])
        return self._answer({"status": "valid", **({"orders": f"{BASE}/orders/1"} if self.lists_orders else {})})

    def _orders(self, _payload: Json | None, url: str, account: str, _key: str) -> requests.Response:
        """Two pages: the second has the newest."""
        urls = [order.url for order in self.orders.values() if order.account == account and order.status != "invalid"]
        if url.endswith("/1"):
            return self._answer({"orders": urls[:1]}, 200, {"Link": f'<{BASE}/orders/2>; rel="next"'})
        return self._answer({"orders": urls[1:]})

    def _order(self, payload: Json | None, url: str, account: str, _key: str) -> requests.Response:
        if url == f"{BASE}/order":
            return self._new_order(payload or {}, account)
        order = self.orders.get(url)
        if order is None:
            return self._problem("malformed", "no such order", 404)
        if order.status == "processing":
            self._issue(order)
            return self._answer({**self._shown(order), "status": "processing"}, 200, {"Retry-After": "3"})
        return self._answer(self._shown(order))

    def _new_order(self, payload: Json, account: str) -> requests.Response:
        names = tuple(one["value"] for one in payload["identifiers"])
        replaces = payload.get("replaces")
        if replaces is not None and any(order.replaces == replaces for order in self.orders.values()):
            return self._problem("alreadyReplaced", "replaced before", 409)
        for open_order in self.open_orders:
            if not self.lists_orders and set(open_order.names) == set(names):
                return self._answer(self._shown(open_order), 201, {"Location": open_order.url})
        order = FakeOrder(f"{BASE}/order/{next(self._numbers)}", account, names, replaces=replaces)
        order.profile = payload.get("profile")
        order.authorizations = [self._authorization(name) for name in names]
        self.orders[order.url] = order
        return self._answer(self._shown(order), 201, {"Location": order.url})

    def _authorization(self, name: str) -> FakeAuthorization:
        number = next(self._numbers)
        token = b64.b64encode(f"token-{number}".rjust(32).encode()).decode()
        return FakeAuthorization(f"{BASE}/authz/{number}", name.removeprefix("*."), name.startswith("*."), token)

    def _authz(self, _payload: Json | None, url: str, _account: str, _key: str) -> requests.Response:
        one = self._find(url)
        challenge = {
            "type": "dns-01",
            "url": one.url.replace("/authz/", "/challenge/"),
            "status": one.status,
            "token": one.token,
            **({"error": one.error} if one.error else {}),
        }
        other = {"type": "http-01", "url": f"{one.url}/http", "status": "pending", "token": one.token}
        identifier = {"type": "dns", "value": one.name}
        return self._answer({"identifier": identifier, "status": one.status, "challenges": [other, challenge]})

    def _challenge(self, payload: Json | None, url: str, _account: str, key: str) -> requests.Response:
        """`{}` is an answer; an empty body only reads."""
        one = self._find(url.replace("/challenge/", "/authz/"))
        order = next(order for order in self.orders.values() if one in order.authorizations)
        if payload == {}:
            one.answers += 1
            self._validate(one, key)
        statuses = {each.status for each in order.authorizations}
        if "invalid" in statuses:
            order.status = "invalid"
        elif statuses == {"valid"}:
            order.status = "ready"
        return self._answer({"type": "dns-01", "url": url, "status": one.status, "token": one.token})

    def _validate(self, one: FakeAuthorization, key: str) -> None:
        public = jwk.JWK.from_json(json.loads(key))
        assert isinstance(public, jwk.JWK)
        thumbprint = b64.b64encode(public.thumbprint()).decode()
        expected = b64.b64encode(sha256(f"{one.token}.{thumbprint}".encode()).digest()).decode()
        if expected in self._look(f"_acme-challenge.{one.name}"):
            one.status = "valid"
            return
        one.status = "invalid"
        one.error = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": "No TXT record found"}

    def _finalize(self, payload: Json, url: str, _account: str, _key: str) -> requests.Response:
        order = self.orders[url.replace("/finalize/", "/order/")]
        if order.status != "ready":
            return self._problem("orderNotReady", f"it is {order.status}", 403)
        request = x509.load_der_x509_csr(b64.b64decode(payload["csr"]))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert set(names.get_values_for_type(x509.DNSName)) == set(order.names)
        order.status = "processing"
        order.chain = self._sign(request)
        return self._answer(self._shown(order), 200, {"Retry-After": "2"})

    def _issue(self, order: FakeOrder) -> None:
        order.status = "valid"

    def _cert(self, _payload: Json | None, url: str, _account: str, _key: str) -> requests.Response:
        order = self.orders[url.replace("/cert/", "/order/")]
        return self._respond(order.chain.encode(), 200, {"Content-Type": "application/pem-certificate-chain"})

    def _revoke(self, payload: Json, _url: str, _account: str, _key: str) -> requests.Response:
        serial = x509.load_der_x509_certificate(b64.b64decode(payload["certificate"])).serial_number
        if serial in self.revoked:
            return self._problem("alreadyRevoked", "revoked before", 400)
        assert payload["reason"] == 5
        self.revoked.append(serial)
        return self._respond(b"", 200, {})

    def _renewal_info(self) -> requests.Response:
        leaf = self.issued[-1]
        end = leaf.not_valid_after_utc
        start, end = self.window or (end - timedelta(days=30), end - timedelta(days=29))
        window = {"start": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "end": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return self._answer({"suggestedWindow": window}, 200, {"Retry-After": "21600"})

    # --- answers

    def _find(self, url: str) -> FakeAuthorization:
        return next(one for order in self.orders.values() for one in order.authorizations if one.url == url)

    def _shown(self, order: FakeOrder) -> Json:
        shown = {
            "status": order.status,
            "identifiers": [{"type": "dns", "value": name} for name in order.names],
            "authorizations": [one.url for one in order.authorizations],
            "finalize": order.url.replace("/order/", "/finalize/"),
        }
        if order.status == "valid":
            shown["certificate"] = order.url.replace("/order/", "/cert/")
        return shown

    def _sign(self, request: x509.CertificateSigningRequest) -> str:
        now = self._now().replace(microsecond=0)
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        builder = x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=x509.Name([]),
            public_key=request.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now,
            not_valid_after=now + self.life,
        )
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(names, critical=True).add_extension(issuer, critical=False)
        self.issued.append(builder.sign(self._key, hashes.SHA256()))
        self.window = None
        return self.issued[-1].public_bytes(Encoding.PEM).decode()

    def _problem(
        self, kind: str, detail: str, status: int, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        document = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status}
        more = {"Content-Type": "application/problem+json", **(headers or {})}
        return self._respond(json.dumps(document).encode(), status, more)

    def _answer(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> requests.Response:
        content = b"" if body is None else json.dumps(body).encode()
        link = {"Link": f'<{BASE}/up>; rel="up"'}
        return self._respond(content, status, {"Content-Type": "application/json", **link, **(headers or {})})

    def _respond(self, content: bytes, status: int, headers: Mapping[str, str]) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.raw = status, io.BytesIO(content)
        nonce = b64.b64encode(f"nonce-{next(self._numbers)}".encode()).decode()
        self._nonces.add(nonce)
        answer.headers = CaseInsensitiveDict({"Replay-Nonce": nonce, **headers})
        return answer
