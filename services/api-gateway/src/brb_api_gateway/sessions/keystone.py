"""Sign-in with Keystone: its user becomes ours, and its project the session's."""

import structlog

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.errors import cloud_problems, sign_in_refused
from brb_api_gateway.identities.identity import Identity, keystone_groups, keystone_provider
from brb_api_gateway.openstack.cloud import (
    ApplicationCredential,
    KeystoneSession,
    NotAllowed,
    NotThere,
    OpenStack,
    Password,
)
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.sessions.schemas import ApplicationCredentialSignIn, PasswordSignIn
from brb_api_gateway.sessions.service import CloudProject, SessionService
from brb_shared.contracts.ids import CloudId, UserId

log = structlog.get_logger()


class KeystoneSignIn:
    def __init__(self, clouds: CloudRegistry, openstack: OpenStack, sessions: SessionService) -> None:
        self._clouds = clouds
        self._openstack = openstack
        self._sessions = sessions

    async def sign_in(
        self, cloud: CloudId | None, auth: PasswordSignIn | ApplicationCredentialSignIn
    ) -> tuple[Principal, str]:
        """Raises Problem 401, 403, 422 or 503."""
        project = await self.open_project(self._clouds.require_choice(cloud), _auth(auth))
        identity = await self._identity(project)
        return await self._sessions.start(identity, auth.method, project, vouched_by=self._same_keystone(project.cloud))

    async def open_project(self, cloud_id: CloudId, auth: Password | ApplicationCredential) -> CloudProject:
        """Raises Problem 401, 422 or 503."""
        with cloud_problems():
            return CloudProject(cloud_id, await self._openstack.sign_in(self._clouds.require(cloud_id), auth))

    async def _identity(self, project: CloudProject) -> Identity:
        keystone = project.keystone
        if ":" in keystone.user_id:  # the mark of ids that do not come from Keystone
            raise sign_in_refused("Keystone has given you an id that belongs to another kind of identity provider")
        return Identity(
            user_id=UserId(keystone.user_id),
            identity_provider=keystone_provider(project.cloud),
            subject=keystone.user_id,
            name=keystone.user_name,
            groups=keystone_groups(project.cloud, await self._groups(project.cloud, keystone)),
        )

    async def _groups(self, cloud_id: CloudId, keystone: KeystoneSession) -> tuple[str, ...]:
        """None where Keystone does not let this session ask, as it may be with an application credential."""
        cloud = self._clouds.require(cloud_id)
        with cloud_problems():
            try:
                return await self._openstack.list_groups(cloud, keystone.document, keystone.user_id)
            except (NotAllowed, NotThere) as error:
                log.info("Keystone does not tell the groups", user_id=keystone.user_id, error=str(error))
                return ()

    def _same_keystone(self, cloud_id: CloudId) -> frozenset[str]:
        """One Keystone may be registered as several clouds, one for each region."""
        address = self._clouds.require(cloud_id).auth_url
        clouds = self._clouds.all().items()
        return frozenset(keystone_provider(each) for each, cloud in clouds if cloud.auth_url == address)


def _auth(auth: PasswordSignIn | ApplicationCredentialSignIn) -> Password | ApplicationCredential:
    match auth:
        case ApplicationCredentialSignIn():
            return ApplicationCredential(auth.id, auth.secret.get_secret_value())
        case PasswordSignIn():
            return Password(
                username=auth.username,
                password=auth.password.get_secret_value(),
                user_domain_name=auth.user_domain_name,
                project_name=auth.project_name,
                project_id=auth.project_id,
                project_domain_name=auth.project_domain_name,
            )
