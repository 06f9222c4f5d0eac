"""Nova virt driver: a server is a privileged system container with systemd.

Installed as nova.virt.brb_machine (nova prefixes `compute_driver` with nova.virt). `driver` is what nova calls;
the other modules each know one thing: `disks`, `loops`, `bundle`, `runtime`, `interfaces`, `metadata`, `console`.
Guests are root on the host's kernel: for a sandbox only.
"""

from nova.virt.brb_machine.driver import MachineDriver

__all__ = ["MachineDriver"]
