"""Authz in the test's own process: the real index and decisions, changed at once."""

from dataclasses import replace

from brb_api_gateway.authorization.authz import OWNER_ROLE
from brb_api_gateway.authorization.gate import Gate
from brb_api_gateway.sessions.principal import Principal
from brb_shared.access.builtin import BUILT_INS
from brb_shared.access.decisions import Decision, decide
from brb_shared.access.deltas import Delta
from brb_shared.access.index import Index
from brb_shared.access.model import (
    AUTHENTICATED,
    PLATFORM,
    Binding,
    Namespace,
    Project,
    Request,
    Scope,
    Subject,
    SubjectKind,
    World,
)
from brb_shared.authorizer import access_unknown
from brb_shared.contracts.ids import ClusterId
from brb_shared.http import Problem
from brb_shared.http.audit import Recorder
from brb_shared.http.deciding import decide_and_record, denied


class LocalAccess:
    """`Decisions` and `Authz` in one. Everybody is a `user`, as after authz' migration."""

    def __init__(self) -> None:
        everybody = Binding("rb-user", Subject(SubjectKind.GROUP, AUTHENTICATED), "user", PLATFORM)
        self._index = Index(World(1, roles=BUILT_INS, bindings=(everybody,)))
        self.is_current = True
        self.answers = True
        self.materialised: list[str] = []
        self.removed: list[str] = []
        self.disabled: set[str] = set()

    @property
    def gate(self) -> Gate:
        return Gate(self, self)

    @property
    def index(self) -> Index:
        if not self.is_current:
            raise access_unknown()
        return self._index

    async def check(self, request: Request, *, min_revision: int = 0) -> Decision:
        assert self._index.revision >= min_revision
        return decide(self.index, request)

    async def require(
        self, request: Request, what: str, *, min_revision: int = 0, recorder: Recorder | None = None
    ) -> Decision:
        decision = decide_and_record(self.index, request, recorder or Recorder())
        if not decision.allowed:
            raise denied(decision, what)
        return decision

    async def put_cluster(self, principal: Principal, cluster_id: ClusterId) -> int:
        self._require_answer()
        self.bind(OWNER_ROLE, Subject(SubjectKind.GROUP, principal.require_tenant().group), Scope.cluster(cluster_id))
        return self._index.revision

    async def remove_cluster(self, cluster_id: ClusterId) -> None:
        bindings = tuple(binding.id for binding in self._index.bindings_at(Scope.cluster(cluster_id)))
        self._change(Delta(0, removed_bindings=bindings))
        self.removed.append(cluster_id)

    async def disable_user(self, principal: Principal, user_id: str) -> None:
        self._require_answer()
        self.disabled.add(user_id)

    async def enable_user(self, principal: Principal, user_id: str) -> None:
        self._require_answer()
        self.disabled.discard(user_id)

    async def ensure_in_cluster(self, cluster_id: ClusterId) -> None:
        self._require_answer()
        self.materialised.append(cluster_id)

    def bind(self, role_id: str, subject: Subject, scope: Scope) -> str:
        binding = Binding(f"rb-{subject.id}-{role_id}-{scope.cluster_id}", subject, role_id, scope)
        self._change(Delta(0, bindings=(binding,)))
        return binding.id

    def place(self, project: Project, *namespaces: Namespace) -> None:
        self._change(Delta(0, projects=(project,), namespaces=namespaces))

    def revoke(self, binding_id: str) -> None:
        self._change(Delta(0, removed_bindings=(binding_id,)))

    def _change(self, delta: Delta) -> None:
        self._index.apply(replace(delta, revision=self._index.revision + 1))

    def _require_answer(self) -> None:
        if not self.answers:
            raise Problem(503, "authz_unavailable", "authz does not answer just now; try again")
