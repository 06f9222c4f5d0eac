"""etcd's members, seen and removed through a control plane that works."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from brb_installer.cluster import Machine
from brb_installer.scripts import Script, ScriptName
from brb_installer.ssh.node import Node

log = structlog.get_logger()


@dataclass(frozen=True)
class EtcdMember:
    """`name` is empty until the member has started once."""

    id: str
    name: str
    peer_hosts: frozenset[str]


async def observe_members(helper: Node) -> tuple[EtcdMember, ...]:
    return parse_members(await helper.ask(Script(ScriptName.ETCD_MEMBERS)))


async def remove_stale_members(helper: Node, machine: Machine) -> None:
    """Make etcd forget what stands under this machine's name or address. Idempotent.

    Only for a machine that is not (or no longer) a part of the cluster.
    """
    for member in await observe_members(helper):
        if member.name == machine.name or machine.spec.private_address in member.peer_hosts:
            await remove_member(helper, member)


async def remove_member(helper: Node, member: EtcdMember) -> None:
    log.info("Removing etcd member", member=member.name, member_id=member.id)
    await helper.ask(Script(ScriptName.ETCD_REMOVE, {"MEMBER_ID": member.id}))


def parse_members(output: str) -> tuple[EtcdMember, ...]:
    """`etcdctl member list --write-out=json`: ids are decimal there, and hexadecimal everywhere else."""
    return tuple(
        EtcdMember(
            id=f"{member['ID']:x}",
            name=member.get("name", ""),
            peer_hosts=frozenset(urlsplit(url).hostname or "" for url in member.get("peerURLs", ())),
        )
        for member in json.loads(output)["members"]
    )
