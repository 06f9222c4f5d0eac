# The container runtime and Kubernetes' programs, all downloads at once, each checked by its SHA-256.
# MIRROR, REGISTRY, IMAGES, VERSION, ROLE (control-plane or worker), LATER (images of addons)
set -eu
mkdir -p /opt/cni/bin /etc/cni/net.d /etc/kubernetes/manifests /etc/containerd/certs.d/"$REGISTRY" \
    /etc/systemd/system/kubelet.service.d /root/got
cd /root/got

patient() { curl -fsS --retry 3 --speed-time 10 --speed-limit 1024 "$@"; }
checked() { # path on the mirror, address of the sum
    patient --compressed -o "${1##*/}" "$MIRROR/$1" & got=$!
    sum=$(patient "$MIRROR/$2" | cut -d' ' -f1); wait "$got"
    [ "$(openssl dgst -sha256 -r "${1##*/}" | cut -d' ' -f1)" = "$sum" ] # much quicker than sha256sum
}
program() { checked "$1" "$1.sha256"; install -m 0755 "${1##*/}" /usr/local/bin/"$2"; }
archive() { checked "$1" "$1.$3"; tar -C "$2" --no-same-owner -xzf "${1##*/}"; }

jobs=
begin() { "$@" & jobs="$jobs $!"; }
begin archive containerd/v2.3.7/containerd-2.3.7-linux-amd64.tar.gz /usr/local sha256sum
begin archive crictl/v1.36.0/crictl-v1.36.0-linux-amd64.tar.gz /usr/local/bin sha256
begin archive cni-plugins/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz /opt/cni/bin sha256
begin program runc/v1.4.3/runc.amd64 runc
begin program "v$VERSION/bin/linux/amd64/kubeadm" kubeadm
begin program "v$VERSION/bin/linux/amd64/kubelet" kubelet
if [ "$ROLE" = control-plane ]; then
    begin program "v$VERSION/bin/linux/amd64/kubectl" kubectl
fi

driver=true
[ -f /sys/fs/cgroup/cgroup.controllers ] || driver=false
bounding=$(awk '/^CapBnd:/ {print $2}' /proc/1/status)
restrict=true
[ $(( (0x$bounding >> 24) & 1 )) -eq 0 ] || restrict=false
cat > /etc/containerd/config.toml <<END
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '$IMAGES/pause:3.10.2'
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = '/etc/containerd/certs.d'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = $restrict
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = $driver
END
cat > /etc/containerd/certs.d/"$REGISTRY"/hosts.toml <<END
server = "http://$REGISTRY"
[host."http://$REGISTRY"]
  capabilities = ["pull", "resolve"]
END
echo "runtime-endpoint: unix:///run/containerd/containerd.sock" > /etc/crictl.yaml
cat > /etc/systemd/system/containerd.service <<'END'
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=2
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
[Install]
WantedBy=multi-user.target
END
cat > /etc/systemd/system/kubelet.service <<'END'
[Unit]
After=containerd.service
StartLimitIntervalSec=0
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=2
[Install]
WantedBy=multi-user.target
END
echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/90-kubernetes.conf
sysctl -q -p /etc/sysctl.d/90-kubernetes.conf 2> /dev/null || true

for job in $jobs; do wait "$job"; done
systemctl daemon-reload
systemctl enable --quiet containerd kubelet
systemctl restart containerd

if [ "$ROLE" = control-plane ]; then
    pulls=
    for image in $(kubeadm config images list --kubernetes-version "v$VERSION" --image-repository "$IMAGES") $LATER; do
        crictl --timeout 300s pull "$image" > /dev/null & pulls="$pulls $!"
    done
    for pull in $pulls; do wait "$pull"; done
else
    # The worker's images may come while it waits for the control plane.
    systemd-run --quiet --collect --setenv=PATH="$PATH" /bin/sh -c \
        'for image in "$@"; do crictl --timeout 300s pull "$image" & done; wait' \
        pull "$IMAGES/pause:3.10.2" "$IMAGES/kube-proxy:v$VERSION" $LATER
fi
