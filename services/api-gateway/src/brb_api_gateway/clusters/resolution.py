"""From a request to a checked spec: asks the cloud for its lists, fills in defaults, collects what is wrong."""

from typing import Any

from pydantic import ValidationError

from brb_api_gateway.clouds.service import ChoiceService
from brb_api_gateway.clusters.change import check_change, merge_patch, needs_cloud
from brb_api_gateway.clusters.creation import ClusterChange, ClusterDraft
from brb_api_gateway.clusters.defaults import Resolver
from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.schemas import ClusterCreate, ClusterPatch
from brb_api_gateway.clusters.spec import ClusterSpec, ClusterSpecInput
from brb_api_gateway.clusters.validation import check_choices, check_spec
from brb_api_gateway.credentials.service import CredentialService
from brb_api_gateway.errors import conflict, invalid
from brb_api_gateway.openstack.cloud import Catalogue
from brb_api_gateway.sessions.principal import Principal
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId, new_cluster_id, new_id
from brb_shared.http import FieldError


class Resolution:
    def __init__(self, choices: ChoiceService, credentials: CredentialService) -> None:
        self._choices = choices
        self._credentials = credentials

    async def draft(self, principal: Principal, body: ClusterCreate) -> tuple[ClusterDraft, Catalogue]:
        """Raises Problem 422 with a pointer for each field that is wrong, 503 if the cloud does not answer."""
        named = body.spec.cloud_credential_id
        if named is not None and await self._credentials.belongs_to_a_cluster(principal.require_tenant(), named):
            named = None  # a copy of that cluster's spec: it gets its own
        catalogue = await self._choices.catalogue(principal)
        cloud = self._choices.cloud(principal.require_tenant().cloud)
        resolver = Resolver(cloud, catalogue, self._choices.versions.newest)
        spec = resolver.resolve(body.spec, named or CredentialId(new_id("cr")))
        _raise_if_any(
            [
                *resolver.errors,
                *check_spec(body.metadata.name, spec, self._choices.versions),
                *check_choices(spec, catalogue),
            ]
        )
        draft = ClusterDraft(
            new_cluster_id(), body.metadata.name, body.metadata.labels, spec, makes_credential=named is None
        )
        return draft, catalogue

    async def change(
        self, principal: Principal, row: ClusterRow, body: ClusterPatch, *, needs_quota: bool = False
    ) -> ClusterChange:
        """The cluster after the patch. Raises Problem 422, or 409 while it is being deleted.

        Only the credential can be changed then: without a living one a delete may not come to its end.
        """
        if row.deletion_requested_at is not None and not _is_of_credential(body):
            raise conflict("deleting", "The cluster is being deleted and cannot be changed any more")
        labels = merge_patch(row.labels, body.metadata.labels or {})
        before = ClusterSpec.model_validate(row.spec)
        if not body.spec:
            return ClusterChange(before, labels)
        given = _parse(merge_patch(row.spec, body.spec))
        credential_id = await self._credential(principal, row, given)
        catalogue = await self._catalogue(principal, before, given, needs_quota=needs_quota)
        spec = self._resolve_change(row, before, given, credential_id, catalogue)
        return ClusterChange(spec, labels, makes_credential=given.cloud_credential_id is None, catalogue=catalogue)

    async def _credential(self, principal: Principal, row: ClusterRow, given: ClusterSpecInput) -> CredentialId:
        """The one named, or the id of a new one. Raises Problem 422 if the one named cannot be used."""
        named = given.cloud_credential_id
        if named is None:
            return CredentialId(new_id("cr"))
        if named != row.spec["cloud_credential_id"]:
            await self._credentials.require_usable(principal.require_tenant(), named, ClusterId(row.id))
        return named

    async def _catalogue(
        self, principal: Principal, before: ClusterSpec, given: ClusterSpecInput, *, needs_quota: bool
    ) -> Catalogue | None:
        """Only a new pool has something to look up; and a plan, the quota."""
        new_pools = needs_cloud(before, {pool.name for pool in given.machine_pools})
        return await self._choices.catalogue(principal) if new_pools or needs_quota else None

    def _resolve_change(
        self,
        row: ClusterRow,
        before: ClusterSpec,
        given: ClusterSpecInput,
        credential_id: CredentialId,
        catalogue: Catalogue | None,
    ) -> ClusterSpec:
        given = _keep_fixed_defaults(given, before)
        cloud = self._choices.cloud(CloudId(row.cloud))
        resolver = Resolver(cloud, catalogue, self._choices.versions.newest, before)
        spec = resolver.resolve(given, credential_id)
        errors = [*resolver.errors, *check_change(before, spec)]
        errors += [error for error in check_spec(row.name, spec, self._choices.versions) if _concerns_change(error)]
        errors += check_choices(spec, catalogue) if catalogue is not None else []
        _raise_if_any(errors)
        return spec


def _is_of_credential(body: ClusterPatch) -> bool:
    return set(body.spec) == {"cloud_credential_id"} and not body.metadata.labels


def _keep_fixed_defaults(given: ClusterSpecInput, before: ClusterSpec) -> ClusterSpecInput:
    """A fixed field whose default may have moved since (a newer version, say) keeps its value where null is given."""
    kept = {
        "kubernetes_version": given.kubernetes_version or before.kubernetes_version,
        "api_endpoint": given.api_endpoint or before.api_endpoint,
        "network": given.network.model_copy(
            update={
                "external_network": given.network.external_network or before.network.external_network,
                "existing_subnet": given.network.existing_subnet or before.network.existing_subnet,
            }
        ),
    }
    return given.model_copy(update=kept)


def _concerns_change(error: FieldError) -> bool:
    """A version that is not installed any more must not keep a running cluster from being changed."""
    return error.pointer != "/spec/kubernetes_version"


def _parse(document: dict[str, Any]) -> ClusterSpecInput:
    """Raises Problem 422."""
    try:
        return ClusterSpecInput.model_validate(document)
    except ValidationError as error:
        raise invalid(
            [
                FieldError(pointer="/spec/" + "/".join(str(part) for part in item["loc"]), detail=item["msg"])
                for item in error.errors()
            ]
        ) from error


def _raise_if_any(errors: list[FieldError]) -> None:
    if errors:
        raise invalid(errors)
