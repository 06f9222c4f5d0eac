"""`brb doctor`: each thing that has to be so, checked."""

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

from brb_cli.api import Api
from brb_cli.clock import current_clock
from brb_cli.config import config_path, find_target
from brb_cli.errors import CliError
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import column, show_list

COLUMNS = (column("Check", "check"), column("Result", "result"), column("Message", "message"))
_SKEW_SECONDS = 30
_SOON_SECONDS = 900


@dataclass(frozen=True)
class Finding:
    check: str
    result: Literal["ok", "warning", "failed"]
    message: str


def doctor(*, common: CommonOptions = DEFAULTS) -> None:
    """Check what is needed for brb to work: configuration, API, sign-in, cloud, kubectl. Exit code 1 if one fails."""
    target = find_target(common.host, common.profile)
    with Api(target.host, target.token, current_clock()) as api:
        findings = [_configuration(), _transport(target.host)]
        reachable = _check("API", lambda: _reach(api))
        findings.append(reachable)
        if reachable.result != "failed":
            findings += [_check("Platform", lambda: _readiness(api)), _check("Sign-in", lambda: _sign_in(api))]
            findings.append(_check("Cloud", lambda: _cloud(api)))
    findings.append(_kubectl())
    show_list(common, [asdict(finding) for finding in findings], COLUMNS, name="check")
    failed = [finding.check for finding in findings if finding.result == "failed"]
    if failed:
        raise CliError(f"Failed: {', '.join(failed)}", code="doctor")


def _check(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except CliError as error:
        return Finding(name, "failed", f"{error.message}. {error.hint}".rstrip(". "))


def _configuration() -> Finding:
    path = config_path()
    if not path.exists():
        result: Literal["ok", "warning"] = "ok" if "BRB_TOKEN" in os.environ else "warning"
        return Finding("Configuration", result, f"{path} is not there; `brb login` makes it")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("Configuration", "failed", f"Others can read {path}: chmod 600 {path}")
    return Finding("Configuration", "ok", str(path))


def _transport(host: str) -> Finding:
    parts = urlsplit(host)
    if parts.scheme == "https" or parts.hostname in ("127.0.0.1", "::1", "localhost"):
        return Finding("Transport", "ok", host)
    return Finding("Transport", "warning", f"{host} is not https: others on the way can read your token")


def _reach(api: Api) -> Finding:
    """The clock matters: certificates in a kubeconfig are not valid yet on a host that is behind."""
    date = api.get("/healthz").headers.get("Date")
    skew = abs((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()) if date else 0
    if skew > _SKEW_SECONDS:
        return Finding("API", "warning", f"{api.host} answers; its clock and yours are {skew:.0f} s apart")
    return Finding("API", "ok", f"{api.host} answers")


def _readiness(api: Api) -> Finding:
    api.get("/readyz")
    return Finding("Platform", "ok", "Ready")


def _sign_in(api: Api) -> Finding:
    session = api.get("/v1/sessions/current").body
    left = (datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)).total_seconds()
    where = f" in project {session['project']['name']}" if session["project"] else ""
    message = f"{session['user']['name']}{where}, until {session['expires_at']}"
    return Finding("Sign-in", "warning" if left < _SOON_SECONDS else "ok", message)


def _cloud(api: Api) -> Finding:
    cloud = api.get("/v1/sessions/current").body["cloud"]
    if cloud is None:
        return Finding("Cloud", "warning", "The session has no project in a cloud: it uses clusters, but makes none")
    choices = api.get(f"/v1/clouds/{cloud}/choices").body
    versions = [each["version"] for each in choices["kubernetes_versions"] if each["supported"]]
    images = [each["name"] for each in choices["images"] if each["supported"]]
    needed = {"Kubernetes version": versions, "image": images, "flavor": choices["flavors"]}
    needed["external network"] = choices["external_networks"]
    missing = [name for name, there in needed.items() if not there]
    if missing:
        return Finding("Cloud", "failed", f"Cloud {cloud} has no {', no '.join(missing)} that can be used")
    used_up = [each["resource"] for each in choices["quotas"] if each["free"] == 0]
    if used_up:
        return Finding("Cloud", "warning", f"Nothing left of: {', '.join(used_up)}")
    return Finding("Cloud", "ok", f"{cloud}: Kubernetes {', '.join(versions)}")


def _kubectl() -> Finding:
    path = shutil.which("kubectl")
    return Finding("kubectl", "ok" if path else "warning", path or "kubectl is not on PATH; brb works without it")
