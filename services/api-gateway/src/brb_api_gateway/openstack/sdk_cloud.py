"""The only place that imports keystoneauth. It is synchronous like openstacksdk: calls run in a bounded thread pool."""

import asyncio
import functools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import structlog
from keystoneauth1 import access, exceptions
from keystoneauth1.identity import v3
from keystoneauth1.identity.access import AccessInfoPlugin
from keystoneauth1.session import Session
from openstack import connection
from openstack import exceptions as sdk_exceptions
from openstack.identity.v3._proxy import Proxy as IdentityProxy

from brb_api_gateway.openstack import listing
from brb_api_gateway.openstack.cloud import (
    ApplicationCredential,
    Catalogue,
    CloudUnavailable,
    KeystoneSession,
    MadeCredential,
    NotAllowed,
    NotThere,
    Password,
    ProjectNeeded,
    SignInRefused,
    VerifiedCredential,
)
from brb_shared.clouds import Cloud, OperatorAccess
from brb_shared.secrets import redactor

log = structlog.get_logger()

T = TypeVar("T")


class SdkOpenStack:
    def __init__(self, *, threads: int, timeout_seconds: float) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="openstack")
        self._timeout_seconds = timeout_seconds

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def sign_in(self, cloud: Cloud, auth: Password | ApplicationCredential) -> KeystoneSession:
        return await self._run(cloud, self._sign_in, cloud, auth)

    async def list_groups(self, cloud: Cloud, token: bytes, user_id: str) -> tuple[str, ...]:
        return await self._run(cloud, self._list_groups, cloud, token, user_id)

    async def catalogue(self, cloud: Cloud, token: bytes) -> Catalogue:
        """Lists the parts at the same time."""
        connected = await self._run(cloud, self._connect, cloud, token)
        try:
            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(self._run(cloud, part, connected)) for part in listing.PARTS]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return listing.catalogue(*(part.result() for part in parts))

    async def create_application_credential(
        self, cloud: Cloud, token: bytes, user_id: str, name: str
    ) -> MadeCredential:
        return await self._run(cloud, self._create, cloud, token, user_id, name)

    async def verify_application_credential(
        self, cloud: Cloud, credential: ApplicationCredential
    ) -> VerifiedCredential:
        return await self._run(cloud, self._verify, cloud, credential)

    async def remove_application_credential(
        self, cloud: Cloud, token: bytes | None, user_id: str, *, id: str | None, name: str
    ) -> None:
        await self._run(cloud, self._remove, cloud, token, user_id, id, name)

    async def _run(self, cloud: Cloud, call: Callable[..., T], *args: Any) -> T:
        """Run in the pool. The limit is above the client's own: a cancelled await does not stop a thread."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(4 * self._timeout_seconds):
                return await loop.run_in_executor(self._pool, functools.partial(_translated, cloud, call, *args))
        except TimeoutError as error:
            raise CloudUnavailable(f"The cloud {cloud.display_name} does not answer in time; try again") from error

    def _session(self, cloud: Cloud, auth: Any) -> Session:
        verify = str(cloud.ca_cert_file) if cloud.ca_cert_file else True
        return Session(auth=auth, verify=verify, timeout=self._timeout_seconds, connect_retries=1)

    def _sign_in(self, cloud: Cloud, auth: Password | ApplicationCredential) -> KeystoneSession:
        plugin = _plugin(cloud, auth)
        session = self._session(cloud, plugin)
        found = _access(plugin, session)
        if not found.project_scoped:
            plugin = self._scope_to_only_project(cloud, session, found.auth_token)
            found = _access(plugin, self._session(cloud, plugin))
        redactor.add(found.auth_token)
        return _keystone_session(found)

    def _scope_to_only_project(self, cloud: Cloud, session: Session, token: str) -> Any:
        """Raises ProjectNeeded, naming the projects, unless there is exactly one."""
        listed = session.get(f"{cloud.auth_url}/auth/projects", headers={"X-Auth-Token": token}, authenticated=False)
        projects = [project for project in listed.json()["projects"] if project.get("enabled", True)]
        if len(projects) != 1:
            names = ", ".join(sorted(project["name"] for project in projects)) or "none"
            raise ProjectNeeded(f"Say which project you mean with project_name; yours are: {names}")
        return v3.Token(cloud.auth_url, token=token, project_id=projects[0]["id"])

    def _list_groups(self, cloud: Cloud, token: bytes, user_id: str) -> tuple[str, ...]:
        listed = self._session(cloud, _token_plugin(cloud, token)).get(f"{cloud.auth_url}/users/{user_id}/groups")
        return tuple(sorted(group["id"] for group in listed.json()["groups"]))

    def _identity(self, cloud: Cloud, token: bytes | None) -> IdentityProxy:
        proxy = self._connect(cloud, token).identity
        assert isinstance(proxy, IdentityProxy)
        return proxy

    def _connect(self, cloud: Cloud, token: bytes | None) -> connection.Connection:
        plugin = _operator_plugin(cloud) if token is None else _token_plugin(cloud, token)
        return connection.Connection(
            session=self._session(cloud, plugin),
            region_name=cloud.region_name,
            interface=cloud.interface,
            app_name="brb-api-gateway",
        )

    def _create(self, cloud: Cloud, token: bytes, user_id: str, name: str) -> MadeCredential:
        log.info("Creating application credential", name=name)
        made = self._identity(cloud, token).create_application_credential(
            user=user_id, name=name, unrestricted=False, description="Made by Big Red Button"
        )
        redactor.add(made.secret)
        return MadeCredential(made.id, made.secret)

    def _verify(self, cloud: Cloud, credential: ApplicationCredential) -> VerifiedCredential:
        """Keystone shows an application credential to itself."""
        plugin = _plugin(cloud, credential)
        session = self._session(cloud, plugin)
        found = _access(plugin, session)
        url = f"{cloud.auth_url}/users/{found.user_id}/application_credentials/{credential.id}"
        shown = session.get(url).json()["application_credential"]
        return VerifiedCredential(found.user_id, found.project_id, bool(shown["unrestricted"]))

    def _remove(self, cloud: Cloud, token: bytes | None, user_id: str, id_: str | None, name: str) -> None:
        identity = self._identity(cloud, token)
        try:
            ids = [id_] if id_ else [one.id for one in identity.application_credentials(user=user_id, name=name)]
            for one in ids:
                log.info("Deleting application credential", name=name)
                identity.delete_application_credential(user_id, one, ignore_missing=True)
        except sdk_exceptions.NotFoundException:
            log.info("Application credential is gone with its user", name=name)


def _access(plugin: Any, session: Session) -> Any:
    """Keystone answers 404, not 401, for an application credential that it does not know."""
    try:
        return plugin.get_access(session)
    except exceptions.NotFound as error:
        raise SignInRefused("Keystone does not know this application credential") from error


def _plugin(cloud: Cloud, auth: Password | ApplicationCredential) -> Any:
    match auth:
        case ApplicationCredential(id_, secret):
            return v3.ApplicationCredential(
                cloud.auth_url, application_credential_id=id_, application_credential_secret=secret
            )
        case Password():
            return v3.Password(cloud.auth_url, **_password_arguments(auth))


def _password_arguments(auth: Password) -> dict[str, Any]:
    project: dict[str, Any] = {}
    if auth.project_id:
        project = {"project_id": auth.project_id}
    elif auth.project_name:
        project = {"project_name": auth.project_name, "project_domain_name": auth.project_domain_name}
    return {
        "username": auth.username,
        "password": auth.password,
        "user_domain_name": auth.user_domain_name,
        **project,
    }


def _operator_plugin(cloud: Cloud) -> Any:
    operator = cloud.operator
    if operator is None:
        raise NotAllowed(f"The cloud {cloud.display_name} has no operator access configured")
    return _plugin(cloud, _operator_auth(operator))


def _operator_auth(operator: OperatorAccess) -> Password | ApplicationCredential:
    if operator.application_credential_id and operator.application_credential_secret:
        secret = operator.application_credential_secret.get_secret_value()
        return ApplicationCredential(operator.application_credential_id, secret)
    return Password(
        username=operator.username or "",
        password=operator.password.get_secret_value() if operator.password else "",
        user_domain_name=operator.user_domain_name,
        project_name=operator.project_name,
        project_id=None,
        project_domain_name=operator.project_domain_name,
    )


def _token_plugin(cloud: Cloud, token: bytes) -> AccessInfoPlugin:
    kept = json.loads(token)
    redactor.add(kept["auth_token"])
    return AccessInfoPlugin(access.create(body=kept["body"], auth_token=kept["auth_token"]), auth_url=cloud.auth_url)


def _keystone_session(found: Any) -> KeystoneSession:
    document = json.dumps({"auth_token": found.auth_token, "body": found._data}).encode()
    expires_at: datetime = found.expires
    return KeystoneSession(
        user_id=found.user_id,
        user_name=found.username,
        project_id=found.project_id,
        project_name=found.project_name,
        expires_at=expires_at,
        document=document,
    )


def _translated(cloud: Cloud, call: Callable[..., T], *args: Any) -> T:
    with _translation(cloud):
        return call(*args)


@contextmanager
def _translation(cloud: Cloud) -> Iterator[None]:
    """Foreign exceptions become ours here, once."""
    try:
        yield
    except (exceptions.Unauthorized, exceptions.MissingAuthPlugin) as error:
        raise SignInRefused("Keystone does not accept the sign-in; check name, secret, domain and project") from error
    except exceptions.Forbidden as error:
        raise NotAllowed(f"The cloud {cloud.display_name} does not allow this: {_short(error)}") from error
    except exceptions.NotFound as error:
        raise NotThere(_short(error)) from error
    except sdk_exceptions.HttpException as error:
        raise _from_sdk(cloud, error) from error
    except (exceptions.ClientException, sdk_exceptions.SDKException, OSError) as error:
        log.warning("Cloud does not answer", cloud=cloud.display_name, error=_short(error))
        raise CloudUnavailable(f"The cloud {cloud.display_name} does not answer; try again in a minute") from error


def _from_sdk(cloud: Cloud, error: Any) -> Exception:
    match error.status_code:
        case 401:
            return SignInRefused("Keystone does not accept the session any more; sign in again")
        case 403:
            return NotAllowed(f"The cloud {cloud.display_name} does not allow this: {_short(error)}")
        case 404:
            return NotThere(_short(error))
    log.warning("Cloud failed", cloud=cloud.display_name, status=error.status_code, request_id=error.request_id)
    return CloudUnavailable(f"The cloud {cloud.display_name} fails just now ({error.status_code}); try again")


def _short(error: Exception) -> str:
    return redactor.clean(str(error).split("\n")[0][:300])
