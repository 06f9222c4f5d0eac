# Makes this machine a node of the cluster. CLUSTER_ID
trap 'rm -f /etc/brb/join.yaml /etc/brb/discovery.yaml' EXIT
if [ -e /etc/brb/initialized ]; then
    echo "This machine holds a control plane made by kubeadm init; it does not join"
    exit 1
fi
if [ "$(cat /etc/brb/joined 2>/dev/null)" = "$CLUSTER_ID" ] && [ -e /etc/kubernetes/kubelet.conf ]; then
    echo "Joined before; the kubelet registers the node again"
    systemctl restart kubelet
    exit 0
fi
clear_half_done() {
    timeout 120 kubeadm reset -f > /dev/null 2>&1 || true
    rm -rf /etc/cni/net.d/* /etc/kubernetes/pki
}
if [ -e /etc/kubernetes/kubelet.conf ] || [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -d /etc/kubernetes/pki ]; then
    echo "Clearing a half-done kubeadm join"
    clear_half_done
fi
if ! kubeadm join --config /etc/brb/join.yaml; then
    # Leave no etcd member behind that would count for the quorum and not vote.
    clear_half_done
    exit 1
fi
echo "$CLUSTER_ID" > /etc/brb/joined
