# Takes Kubernetes' state off the machine; the programs stay. kubeadm takes a control plane out of etcd first.
timeout 120 kubeadm reset -f || true
rm -rf /etc/brb/initialized /etc/brb/joined /etc/brb/init.yaml /etc/brb/join.yaml /etc/brb/discovery.yaml
rm -rf /etc/cni/net.d/* /etc/kubernetes/pki /etc/kubernetes/*.conf
for link in cni0 flannel.1; do ip link delete "$link" 2>/dev/null || true; done
echo "Machine is reset"
