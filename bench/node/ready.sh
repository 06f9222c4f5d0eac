# Waits until all NODES are Ready. Ends at once when they are.
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
until [ "$(kubectl get nodes --no-headers | awk '$2 ~ /^Ready/' | wc -l)" -eq "$NODES" ]; do sleep 0.3; done
kubectl get nodes
