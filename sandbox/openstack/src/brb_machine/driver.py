"""What nova calls. A server's directory holds `disk`, `root` (the disk, mounted), `seed` (the config drive's files),
`config.json` (the bundle) and `console.log`."""

import os
import shutil
import time
import uuid as uuids
from typing import ClassVar

import nova.conf
import os_resource_classes as orc
from nova import exception
from nova.api.metadata import base as instance_metadata
from nova.compute import power_state, task_states
from nova.image import glance
from nova.objects import fields
from nova.virt import driver, hardware
from nova.virt.brb_machine import bundle, console, disks, interfaces, loops, metadata, runtime, volumes
from nova.virt.brb_machine.shell import STATE, run
from oslo_log import log as logging
from oslo_serialization import jsonutils
from oslo_utils import versionutils

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

_INSTANCES = os.path.join(STATE, "instances")
_SEED_IN_GUEST = "var/lib/cloud/seed/config_drive"
_SOFT_STOP_SECONDS = 10
_CAPABILITIES = {
    "supports_attach_interface": True,
    "supports_device_tagging": True,
    "supports_extend_volume": True,
    "supports_image_type_raw": True,
}
_SANDBOX_RESOLVER = f"{os.environ.get('BRB_SANDBOX_PREFIX', '172.31.77')}.2"


class MachineDriver(driver.ComputeDriver):
    """Servers are system containers; see the package's docstring."""

    capabilities: ClassVar = dict(driver.ComputeDriver.capabilities, **_CAPABILITIES)

    def __init__(self, virtapi, read_only=False):
        super().__init__(virtapi)
        self._metadata = metadata.Metadata()
        self._consoles = console.Consoles()

    # the host

    def init_host(self, host):
        """Servers that still run (only nova-compute was restarted) get their metadata service back."""
        loops.ensure_nodes()
        os.makedirs(_INSTANCES, exist_ok=True)
        for uuid in self.list_instance_uuids():
            if os.path.exists(f"/run/netns/{interfaces.namespace_of(uuid)}"):
                self._metadata.ensure(uuid, os.path.join(_INSTANCES, uuid, "seed"))

    def get_host_ip_addr(self):
        return CONF.my_ip

    def get_available_nodes(self, refresh=False):
        return [CONF.host]

    def get_host_uptime(self):
        return run("uptime")

    def get_available_resource(self, nodename):
        cores, memory_mib, disk_gib, free_gib = _host_size()
        return {
            "vcpus": cores,
            "memory_mb": memory_mib,
            "local_gb": disk_gib,
            "vcpus_used": 0,
            "memory_mb_used": 0,
            "local_gb_used": 0,
            "disk_available_least": free_gib,
            "hypervisor_type": "machine",
            "hypervisor_version": versionutils.convert_version_to_int("1.0.0"),
            "hypervisor_hostname": nodename,
            "numa_topology": None,
            "cpu_info": jsonutils.dumps({"arch": "x86_64", "topology": {}}),
            "supported_instances": [(fields.Architecture.X86_64, fields.HVType.LXC, fields.VMMode.EXE)],
            "uuid": str(uuids.uuid5(uuids.NAMESPACE_DNS, nodename)),
        }

    def update_provider_tree(self, provider_tree, nodename, allocations=None):
        cores, memory_mib, disk_gib, _ = _host_size()
        ratios = self._get_allocation_ratios(provider_tree.data(nodename).inventory)

        def inventory(resource, total, largest):
            return {
                "total": total,
                "min_unit": 1,
                "max_unit": largest,
                "step_size": 1,
                "allocation_ratio": ratios[resource],
                "reserved": 0,
            }

        # a server may have more virtual cores than the host
        inventories = {
            orc.VCPU: inventory(orc.VCPU, cores, 64),
            orc.MEMORY_MB: inventory(orc.MEMORY_MB, memory_mib, memory_mib),
            orc.DISK_GB: inventory(orc.DISK_GB, disk_gib, disk_gib),
        }
        provider_tree.update_inventory(nodename, inventories)

    def get_volume_connector(self, instance):
        return {
            "ip": CONF.my_ip,
            "host": CONF.host,
            "initiator": "brb",
            "multipath": False,
            "os_type": "linux",
            "platform": "x86_64",
        }

    def manage_image_cache(self, context, all_instances):
        """Grown images are few and shared: they stay."""

    # what there is

    def list_instances(self):
        return self.list_instance_uuids()

    def list_instance_uuids(self):
        return os.listdir(_INSTANCES)

    def get_info(self, instance, use_cache=True):
        if not os.path.isdir(_directory(instance)):
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        status = (runtime.state_of(instance.uuid) or {}).get("status")
        states = {"running": power_state.RUNNING, "paused": power_state.PAUSED}
        return hardware.InstanceInfo(state=states.get(status, power_state.SHUTDOWN))

    def get_instance_disk_info(self, instance, block_device_info=None):
        """Only migrations ask."""

    def get_console_output(self, context, instance):
        return console.read_end(os.path.join(_directory(instance), "console.log"))

    def default_root_device_name(self, instance, image_meta, root_bdm):
        return "/dev/vda"

    # birth and death

    def spawn(
        self,
        context,
        instance,
        image_meta,
        injected_files,
        admin_password,
        allocations,
        network_info=None,
        block_device_info=None,
        power_on=True,
        accel_info=None,
    ):
        began = time.monotonic()
        directory = _directory(instance)
        os.makedirs(directory)
        disk = os.path.join(directory, "disk")
        volume = _root_volume(block_device_info)
        if volume:
            os.symlink(volume["connection_info"]["data"]["device_path"], disk)
        else:
            disks.create_root(context, image_meta.id, instance.flavor.root_gb, disk)
        disks.mount(os.path.realpath(disk), os.path.join(directory, "root"))
        copied = time.monotonic()
        self._write_seed(instance, injected_files, admin_password, network_info)
        _write_identity(directory, instance.hostname, network_info)
        if power_on:
            self._start(instance, network_info, block_device_info)
        seconds = (copied - began, time.monotonic() - copied)
        LOG.info("spawned: disk %.2f s, rest %.2f s", *seconds, instance=instance)

    def destroy(
        self, context, instance, network_info, block_device_info=None, destroy_disks=True, destroy_secrets=True
    ):
        runtime.stop(instance.uuid, 0)
        self._consoles.remove(instance.uuid)
        self._metadata.remove(instance.uuid)
        self.unplug_vifs(instance, network_info)
        interfaces.remove_namespace(instance.uuid)
        directory = _directory(instance)
        disks.unmount(os.path.join(directory, "root"))
        for device in driver.block_device_info_get_mapping(block_device_info):
            volumes.release(device["connection_info"])
        if destroy_disks:
            shutil.rmtree(directory, ignore_errors=True)

    def cleanup(
        self,
        context,
        instance,
        network_info,
        block_device_info=None,
        destroy_disks=True,
        migrate_data=None,
        destroy_vifs=True,
        destroy_secrets=True,
    ):
        if os.path.isdir(_directory(instance)):
            self.destroy(context, instance, network_info, block_device_info, destroy_disks)

    def _write_seed(self, instance, injected_files, admin_password, network_info):
        """The config drive's files: once for the metadata service, once where cloud-init looks for a seed."""
        content = instance_metadata.InstanceMetadata(
            instance,
            content=injected_files,
            extra_md={"admin_pass": admin_password} if admin_password else {},
            network_info=network_info,
        )
        seed = os.path.join(_directory(instance), "seed")
        in_guest = os.path.join(_directory(instance), "root", _SEED_IN_GUEST)
        for path, text in content.metadata_for_config_drive():
            _write(os.path.join(seed, path), text)
            _write(os.path.join(in_guest, path), text)
        os.chmod(in_guest, 0o700)

    def _start(self, instance, network_info, block_device_info):
        uuid, directory = instance.uuid, _directory(instance)
        interfaces.ensure_namespace(uuid)
        self._metadata.ensure(uuid, os.path.join(directory, "seed"))
        for number, vif in enumerate(network_info or []):
            interfaces.plug(uuid, vif, number)
        bundle.write(directory, uuid, instance.hostname, instance.flavor.memory_mb, instance.flavor.vcpus)
        self._consoles.add(uuid, runtime.start(uuid, directory), os.path.join(directory, "console.log"))
        root = _root_volume(block_device_info)
        for device in driver.block_device_info_get_mapping(block_device_info):
            if device is not root:
                self.attach_volume(None, device["connection_info"], instance, device["mount_device"])

    # power

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None, share_info=None):
        directory = _directory(instance)
        disks.mount(os.path.realpath(os.path.join(directory, "disk")), os.path.join(directory, "root"))
        self._start(instance, network_info, block_device_info)

    def power_off(self, instance, timeout=0, retry_interval=0):
        runtime.stop(instance.uuid, min(timeout or _SOFT_STOP_SECONDS, _SOFT_STOP_SECONDS))

    def reboot(
        self,
        context,
        instance,
        network_info,
        reboot_type,
        block_device_info=None,
        bad_volumes_callback=None,
        accel_info=None,
        share_info=None,
    ):
        runtime.stop(instance.uuid, _SOFT_STOP_SECONDS if reboot_type == "SOFT" else 0)
        self.power_on(context, instance, network_info, block_device_info)

    def resume_state_on_host_boot(self, context, instance, network_info, share_info=None, block_device_info=None):
        if runtime.state_of(instance.uuid) is None:
            self.power_on(context, instance, network_info, block_device_info)

    def pause(self, instance):
        runtime.pause(instance.uuid)

    def unpause(self, instance):
        runtime.resume(instance.uuid)

    # interfaces

    def plug_vifs(self, instance, network_info):
        """Ports are plugged when the server starts."""

    def unplug_vifs(self, instance, network_info):
        for vif in network_info or []:
            interfaces.unplug(vif)

    def attach_interface(self, context, instance, image_meta, vif):
        """The image asks OVN's DHCP for interfaces that appear while it runs."""
        interfaces.plug(instance.uuid, vif, interfaces.next_number(instance.uuid))

    def detach_interface(self, context, instance, vif):
        interfaces.unplug(vif)

    # volumes

    def attach_volume(
        self, context, connection_info, instance, mountpoint, disk_bus=None, device_type=None, encryption=None
    ):
        pid = _pid(instance)
        if pid is not None:  # else it is attached when the server starts
            volumes.attach(pid, connection_info, mountpoint)

    def detach_volume(self, context, connection_info, instance, mountpoint, encryption=None):
        volumes.detach(_pid(instance), connection_info, mountpoint)

    def extend_volume(self, context, connection_info, instance, requested_size):
        volumes.extend(connection_info)

    # images of servers

    def snapshot(self, context, instance, image_id, update_task_state):
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        copy = os.path.join(_directory(instance), "snapshot")
        try:
            self._copy_quietly(instance, copy)
            disks.shrink(copy)
            update_task_state(task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD)
            _upload(context, image_id, copy)
        finally:
            os.unlink(copy)

    def _copy_quietly(self, instance, target):
        """Copy the disk while the server is frozen and its file system written out."""
        directory = _directory(instance)
        runs = (runtime.state_of(instance.uuid) or {}).get("status") == "running"
        if runs:
            runtime.pause(instance.uuid)
        try:
            if os.path.ismount(os.path.join(directory, "root")):
                run("sync", "--file-system", os.path.join(directory, "root"))
            disks.copy(os.path.realpath(os.path.join(directory, "disk")), target)
        finally:
            if runs:
                runtime.resume(instance.uuid)


def _directory(instance):
    return os.path.join(_INSTANCES, instance.uuid)


def _pid(instance):
    state = runtime.state_of(instance.uuid)
    return state["pid"] if state else None


def _root_volume(block_device_info):
    """The mapping of the volume that the server boots from, if it does."""
    root = driver.block_device_info_get_root_device(block_device_info) if block_device_info else None
    for device in driver.block_device_info_get_mapping(block_device_info):
        if device.get("mount_device") == root or device.get("boot_index") == 0:
            return device
    return None


def _write_identity(directory, hostname, network_info):
    """What DHCP would tell: a name, and the subnets' resolvers (without any, the sandbox's)."""
    root = os.path.join(directory, "root")
    _write(os.path.join(root, "etc/hostname"), f"{hostname}\n")
    resolvers = interfaces.resolvers_of(network_info) or [_SANDBOX_RESOLVER]
    _write(os.path.join(root, "etc/resolv.conf"), "".join(f"nameserver {address}\n" for address in resolvers))


def _write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def _upload(context, image_id, path):
    about = {
        "status": "active",
        "disk_format": "raw",
        "container_format": "bare",
        "name": image_id,
        "properties": {},
    }
    with open(path, "rb") as file:
        glance.API().update(context, image_id, about, file, purge_props=False)


def _host_size():
    """Cores, memory in MiB, disk in GiB, free disk in GiB."""
    with open("/proc/meminfo") as meminfo:
        memory_kib = int(next(line for line in meminfo if line.startswith("MemTotal")).split()[1])
    disk = os.statvfs(STATE)
    return os.cpu_count(), memory_kib >> 10, disk.f_frsize * disk.f_blocks >> 30, disk.f_frsize * disk.f_bavail >> 30
