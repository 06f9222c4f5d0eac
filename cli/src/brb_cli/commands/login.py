"""`brb login`, `logout`, `whoami`."""

import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.browser_sign_in import sign_in_by_browser
from brb_cli.clock import current_clock
from brb_cli.config import Profile, find_target, load_config, profile_name, same_host, save_config
from brb_cli.errors import CliError, SignInFirst
from brb_cli.models import Session
from brb_cli.options import DEFAULTS, Common, CommonOptions
from brb_cli.output import column, show_one
from brb_cli.sign_in import Given, gather_auth, gather_break_glass
from brb_cli.terminal import ask, is_interactive, say

COLUMNS = (
    column("User", "user.name"),
    column("Project", "project.name"),
    column("Cloud", "cloud"),
    column("Host", "host"),
    column("Method", "method"),
    column("Expires", "expires_at"),
)


def login(
    *,
    cloud: str | None = None,
    username: str | None = None,
    password_stdin: bool = False,
    project: str | None = None,
    user_domain: str | None = None,
    project_domain: str | None = None,
    application_credential_id: str | None = None,
    os_cloud: str | None = None,
    os_clouds_file: Path | None = None,
    identity_provider: str | None = None,
    browser: Annotated[bool, Parameter(negative="--no-browser")] = True,
    break_glass: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Sign in with a Keystone password or application credential, or with --identity-provider in the browser.

    What is not given is taken from OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME, OS_APPLICATION_CREDENTIAL_ID and so on,
    and asked for where there is a terminal. A password is never an option: others could read it in the process list.

    The token is kept in $XDG_CONFIG_HOME/brb/config.json, mode 0600, in the profile given with --profile.

    Parameters
    ----------
    cloud
        The cloud to sign in to, see `brb cloud list`; not needed where there is only one.
    username
        Keystone user.
    password_stdin
        Read the password, or the application credential's secret, from stdin.
    project
        Keystone project, by name.
    user_domain
        Keystone domain of the user.
    project_domain
        Keystone domain of the project.
    application_credential_id
        Sign in with this application credential instead of a password.
    os_cloud
        Take it all from this entry of a clouds.yaml (env OS_CLOUD).
    os_clouds_file
        The clouds.yaml; default: where OpenStack's own tools look.
    identity_provider
        Sign in there by OIDC, for instance with the account of your company; nothing of the above is used then.
    browser
        Open the browser; with --no-browser the address is only shown. It has to be a browser on this machine.
    break_glass
        As the administrator for emergencies, with the one-time password that the platform's operator has.
    """
    given = Given(
        os_cloud=os_cloud,
        os_clouds_file=os_clouds_file,
        username=username,
        password_stdin=password_stdin,
        project=project,
        user_domain=user_domain,
        project_domain=project_domain,
        application_credential_id=application_credential_id,
    )
    if break_glass and identity_provider is not None:
        raise CliError("Say --break-glass or --identity-provider, not both", code="invalid_argument")
    target = find_target(common.host, None if common.profile is None else _known(common.profile))
    with Api(target.host, None, current_clock()) as api:
        body: dict[str, Any]
        if break_glass:
            body = {"auth": gather_break_glass(password_stdin=password_stdin)}
        elif identity_provider is not None:
            body = {"auth": sign_in_by_browser(api, identity_provider, open_browser=browser)}
        else:
            auth, auth_url = gather_auth(given)
            body = {"cloud": cloud or _only_cloud(api, auth_url), "auth": auth}
        answer = api.send("POST", "/v1/sessions", body=body).body
    _keep(Session.model_validate(answer), answer["token"], target.host, common)


def logout(*, common: CommonOptions = DEFAULTS) -> None:
    """Sign out: the token is no longer good, and is forgotten."""
    target, config = find_target(common.host, common.profile), load_config()
    try:
        with open_api(common) as api:
            api.send("DELETE", "/v1/sessions/current")
    except SignInFirst:
        say(f"You were not signed in to {target.host}")
    profile = config.profiles.get(target.profile_name)
    if profile is not None and profile.token and same_host(profile.host, target.host):
        save_config(config.with_profile(target.profile_name, profile.model_copy(update={"token": None})))
    say(f"Signed out of {target.host}")


def whoami(*, common: CommonOptions = DEFAULTS) -> None:
    """Who is signed in, where, and until when. Exit code 4 where nobody is."""
    with open_api(common) as api:
        session = api.get("/v1/sessions/current").body
        show_one(common, {**session, "host": api.host}, COLUMNS, name="user.name")


def _known(name: str) -> str | None:
    """A profile that is not there yet is made by this sign-in."""
    return name if name in load_config().profiles else None


def _only_cloud(api: Api, auth_url: str | None) -> str | None:
    """None where the API needs no choice; else the one with that Keystone; else the one that is chosen."""
    clouds = list(api.items("/v1/clouds"))
    if len(clouds) <= 1:
        return None
    same = [cloud["id"] for cloud in clouds if auth_url and _address(cloud["auth_url"]) == _address(auth_url)]
    return str(same[0]) if len(same) == 1 else _chosen(clouds)


def _chosen(clouds: list[dict[str, Any]]) -> str:
    ids = ", ".join(str(cloud["id"]) for cloud in clouds)
    if not is_interactive():
        raise CliError("There are several clouds", code="missing_argument", hint=f"Say --cloud with one of: {ids}")
    return ask(f"Cloud ({ids}): ")


def _address(auth_url: str) -> str:
    return auth_url.rstrip("/").removesuffix("/v3").rstrip("/")


def _keep(session: Session, token: str, host: str, common: Common) -> None:
    config = load_config()
    profile = Profile(
        host=host,
        token=token,
        cloud=session.cloud or "",
        user=session.user.get("name", ""),
        project=session.project.get("name", "") if session.project else "",
        expires_at=session.expires_at,
    )
    path = save_config(config.with_profile(profile_name(config, common.profile), profile))
    where = f" in project {profile.project}" if profile.project else ""
    say(f"Signed in to {host} as {profile.user}{where}; the token is in {path}")
    if "BRB_TOKEN" in os.environ:
        say("BRB_TOKEN is set, and wins over it")
    document = {**session.model_dump(mode="json", exclude={"token"}), "host": host}
    if common.format != "table":
        show_one(common, document, COLUMNS, name="user.name")
