# Names and addresses of the sandbox, for its shell scripts. Sourced, never run.

prefix=${BRB_SANDBOX_PREFIX:-172.31.77}
network=brb-sandbox
openstack_container=brb-sandbox-openstack
openstack_volume=brb-sandbox-openstack
openstack_image=brb/openstack:2026.2
machine_image=brb/machine:bookworm
