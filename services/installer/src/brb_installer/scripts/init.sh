# Makes this machine the first control plane. CLUSTER_ID
marker=/etc/brb/initialized
if [ "$(cat "$marker" 2>/dev/null)" = "$CLUSTER_ID" ]; then
    echo "kubeadm init was done before"
    exit 0
fi
# An init that was cut off half-way cannot be continued by kubeadm; nobody has used its API yet.
if [ -e /etc/kubernetes/admin.conf ] || [ -e /etc/kubernetes/manifests/etcd.yaml ] || [ -d /etc/kubernetes/pki ]; then
    echo "Clearing a half-done kubeadm init"
    kubeadm reset -f > /dev/null 2>&1 || true
    rm -rf /etc/cni/net.d/* /var/lib/etcd/* /etc/kubernetes/pki
fi
kubeadm init --config /etc/brb/init.yaml --skip-phases=show-join-command
mkdir -p /etc/brb
echo "$CLUSTER_ID" > "$marker"
echo "$CLUSTER_ID" > /etc/brb/joined
