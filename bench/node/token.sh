# A token for one more node to join with.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
kubeadm token create --ttl 15m
