"""`Cloud` by openstacksdk: the one place that imports it.

The SDK is synchronous: each request runs in a bounded pool of threads, with its own timeout and a longer one around
it (a cancelled await does not stop a thread). Nothing here waits for the world. Each foreign exception is translated
once, in `_translated`; each answer's request id is logged by a hook on the HTTP session.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import keystoneauth1.exceptions as ks
import openstack
import openstack.exceptions as sdk
import requests
import structlog
from keystoneauth1 import session as ks_session
from keystoneauth1.identity import v3
from keystoneauth1.plugin import BaseAuthPlugin

from brb_provisioner.errors import CloudUnavailable, ResourceGone, misconfigured, translate, unauthenticated
from brb_provisioner.openstack.resources import Identity
from brb_provisioner.openstack.sdk_compute import ComputeCalls
from brb_provisioner.openstack.sdk_load_balancer import LoadBalancerCalls
from brb_provisioner.openstack.sdk_network import NetworkCalls
from brb_provisioner.openstack.sdk_quota import QuotaCalls
from brb_provisioner.openstack.sdk_volume import VolumeCalls
from brb_shared.clouds import Cloud as RegisteredCloud
from brb_shared.clouds import OperatorAccess
from brb_shared.reconcile import ReconcileError

T = TypeVar("T")

log = structlog.get_logger()

_COMPUTE_MICROVERSION = "2.64"
_AWAIT_MARGIN_SECONDS = 5.0
_CONNECTION_ERRORS = (
    ks.ConnectFailure,
    ks.DiscoveryFailure,
    ks.UnknownConnectionError,
    requests.exceptions.RequestException,
    TimeoutError,
)


@dataclass(frozen=True)
class Bounds:
    """How much at a time, and how long. `versions`: what the clouds' services have said of their versions, by address.

    That is the same for everyone, so a new connection does not ask each service again.
    """

    pool: ThreadPoolExecutor
    timeout_seconds: float
    parallel_calls: int
    versions: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ApplicationCredential:
    id: str
    secret: str = field(repr=False)
    project_id: str


class SdkCloud(ComputeCalls, NetworkCalls, LoadBalancerCalls, VolumeCalls, QuotaCalls):
    """Implements `cloud.Cloud`. One connection, shared by all passes over one cluster."""

    def __init__(self, connection: Any, project_id: str, bounds: Bounds, *, is_foreign: bool = False) -> None:
        """`is_foreign`: the token is of another project, and an administrator's."""
        self.connection = connection
        self.project_id = project_id
        self.everywhere = {"all_projects": True, "project_id": project_id} if is_foreign else {}
        self._bounds = bounds
        self._slots = asyncio.Semaphore(bounds.parallel_calls)

    async def call(self, doing: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run one request in the pool. `doing` completes the sentence "The cloud … while <doing>"."""
        context = contextvars.copy_context()
        async with self._slots:
            work = asyncio.get_running_loop().run_in_executor(
                self._bounds.pool, lambda: context.run(function, *args, **kwargs)
            )
            try:
                async with asyncio.timeout(self._bounds.timeout_seconds + _AWAIT_MARGIN_SECONDS):
                    return await work
            except (sdk.SDKException, ks.ClientException, *_CONNECTION_ERRORS) as error:
                raise _translated(error, doing) from error

    async def authenticate(self) -> Identity:
        try:
            return await self.call("signing in", self._identity)
        except ResourceGone as error:  # Keystone's answer for a credential that is deleted
            raise unauthenticated("The cluster's application credential does not exist any more") from error

    def _identity(self) -> Identity:
        access = self.connection.session.auth.get_access(self.connection.session)
        return Identity(user_id=access.user_id, project_id=access.project_id)

    def close(self) -> None:
        self.connection.close()


def connect_application_credential(
    registered: RegisteredCloud,
    credential: ApplicationCredential,
    bounds: Bounds,
    *,
    foreign_project: str | None = None,
) -> SdkCloud:
    """Sends nothing yet. `foreign_project`: another project than the credential's, which an administrator works in."""
    auth = v3.ApplicationCredential(
        registered.auth_url,
        application_credential_id=credential.id,
        application_credential_secret=credential.secret,
    )
    return _connect(registered, auth, foreign_project or credential.project_id, bounds, foreign_project is not None)


def connect_operator(
    registered: RegisteredCloud, operator: OperatorAccess, project_id: str, bounds: Bounds, *, is_foreign: bool
) -> SdkCloud:
    """The operator's access to a project: with a token of that project, or (`is_foreign`) of the operator's own."""
    if operator.application_credential_id and operator.application_credential_secret:
        secret = operator.application_credential_secret.get_secret_value()
        own = ApplicationCredential(operator.application_credential_id, secret, project_id)
        return connect_application_credential(registered, own, bounds, foreign_project=project_id)
    if operator.username is None or operator.password is None:
        raise misconfigured("The cloud's operator access has neither a password nor an application credential")
    auth = v3.Password(
        registered.auth_url,
        username=operator.username,
        password=operator.password.get_secret_value(),
        user_domain_name=operator.user_domain_name,
        project_id=None if is_foreign else project_id,
        project_name=operator.project_name if is_foreign else None,
        project_domain_name=operator.project_domain_name if is_foreign else None,
    )
    return _connect(registered, auth, project_id, bounds, is_foreign)


def _connect(
    registered: RegisteredCloud, auth: BaseAuthPlugin, project_id: str, bounds: Bounds, is_foreign: bool
) -> SdkCloud:
    http = requests.Session()
    adapter = requests.adapters.HTTPAdapter(pool_connections=8, pool_maxsize=bounds.parallel_calls)
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    http.hooks["response"].append(_log_request)
    session = ks_session.Session(
        auth=auth,
        session=http,
        verify=str(registered.ca_cert_file) if registered.ca_cert_file else True,
        timeout=bounds.timeout_seconds,
        user_agent="brb-provisioner",
        discovery_cache=bounds.versions,
    )
    connection = openstack.connection.Connection(
        session=session,
        region_name=registered.region_name,
        interface=registered.interface,
        compute_default_microversion=_COMPUTE_MICROVERSION,
    )
    return SdkCloud(connection, project_id, bounds, is_foreign=is_foreign)


def _log_request(response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
    """Writes at info, reads at debug; failures always."""
    request = response.request
    write = request.method not in ("GET", "HEAD") and not (request.url or "").endswith("/auth/tokens")
    log_it = log.info if write or response.status_code >= 400 else log.debug
    log_it(
        "OpenStack answered",
        method=request.method,
        url=request.url,
        status=response.status_code,
        seconds=round(response.elapsed.total_seconds(), 3),
        openstack_request_id=response.headers.get("x-openstack-request-id"),
    )


def _translated(error: Exception, doing: str) -> ReconcileError:
    match error:
        case sdk.HttpException():
            return translate(error.status_code, str(error.details or error.message or error), doing)
        case ks.HttpError():
            return translate(error.http_status, str(error.details or error.message or error), doing)
        case sdk.EndpointNotFound() | ks.EndpointNotFound() | sdk.ServiceDiscoveryException():
            return misconfigured(f"The cloud offers no service for {doing}: {error}")
        case ks.AuthorizationFailure() | ks.AuthPluginException():
            return unauthenticated(f"The cloud does not let the cluster's credential in ({error})")
        case _ if isinstance(error, _CONNECTION_ERRORS):
            return translate(None, str(error) or type(error).__name__, doing)
        case _:
            return CloudUnavailable(translate(None, "", doing).code, f"The SDK failed while {doing}: {error}")
