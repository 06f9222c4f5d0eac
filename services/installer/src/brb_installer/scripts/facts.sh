# Says what the machine is, as key=value lines. Only reads.
. /etc/os-release
echo "os=$ID"
echo "os_version=${VERSION_ID:-}"
echo "container=$(systemd-detect-virt --container 2>/dev/null || true)"
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo cgroup_version=2; else echo cgroup_version=1; fi

# Bit 24 is CAP_SYS_RESOURCE: without it containerd may not lower a process's oom_score_adj.
bounding=$(awk '/^CapBnd:/ {print $2}' /proc/1/status)
if [ $(( (0x$bounding >> 24) & 1 )) -eq 1 ]; then echo sys_resource=yes; else echo sys_resource=no; fi

# A stub resolver on a loopback address answers nobody in a pod, and CoreDNS would ask itself for ever.
if ! grep -Eq '^nameserver[[:space:]]+(127\.|::1)' /etc/resolv.conf; then
    echo resolv_conf=/etc/resolv.conf
elif [ -s /run/systemd/resolve/resolv.conf ]; then
    echo resolv_conf=/run/systemd/resolve/resolv.conf
else
    echo resolv_conf=
fi
