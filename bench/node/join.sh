# CONFIGURATION: kubeadm's
set -eu
echo "$CONFIGURATION" > /root/join.yaml
kubeadm join --config /root/join.yaml
