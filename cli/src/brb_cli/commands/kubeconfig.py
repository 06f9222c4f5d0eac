"""`brb cluster kubeconfig`."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from brb_cli.api import open_api
from brb_cli.files import write_private
from brb_cli.kubeconfig_file import default_path, merge_into, parse_kubeconfig
from brb_cli.options import DEFAULTS, CommonOptions, parse_duration
from brb_cli.output import print_text
from brb_cli.resolve import find_cluster
from brb_cli.terminal import say


def kubeconfig(
    cluster: str,
    /,
    *,
    output: Path | None = None,
    merge: bool = False,
    set_current: bool = False,
    expiration: Annotated[str, Parameter(show_default=True)] = "12h",
    common: CommonOptions = DEFAULTS,
) -> None:
    """A kubeconfig of your own: it points straight at the cluster and carries a short-lived client certificate.

    Printed, unless a file is named or a merge is asked for. Files get the mode 0600.

    Parameters
    ----------
    cluster
        Name or id.
    output
        Write it to this file.
    merge
        Merge it into the first file of $KUBECONFIG, else ~/.kube/config.
    set_current
        Merge it, and make it the current context.
    expiration
        Life of the certificate, such as 30m or 12h; a day at most.
    """
    body = {"expiration_seconds": int(parse_duration(expiration))}
    with open_api(common) as api:
        found = find_cluster(api, cluster)
        path = f"/v1/clusters/{found.metadata.id}/kubeconfigs"
        text = api.send("POST", path, body=body, headers={"Accept": "application/yaml"}, may_repeat=True).text
    if output is not None:
        write_private(output, text)
        say(f"Written to {output}; use it: export KUBECONFIG={output}")
    if merge or set_current:
        target = default_path()
        context = merge_into(target, parse_kubeconfig(text, "The answer"), found.metadata.id, set_current=set_current)
        say(f"Merged into {target}; use it: kubectl --context {context} get nodes")
    if output is None and not merge and not set_current:
        print_text(json.dumps(parse_kubeconfig(text, "The answer"), indent=2) if common.format == "json" else text)
