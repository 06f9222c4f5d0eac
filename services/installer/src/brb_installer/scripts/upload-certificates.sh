# Puts the control plane's certificates into the cluster, encrypted for the next control plane that joins.
# CERTIFICATE_KEY, KUBERNETES_VERSION (without it kubeadm asks the internet). kubeadm deletes the secret after two hours.
config=$(mktemp)
trap 'rm -f "$config"' EXIT
cat > "$config" <<END_OF_CONFIG
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
certificateKey: $CERTIFICATE_KEY
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: $KUBERNETES_VERSION
END_OF_CONFIG
kubeadm init phase upload-certs --upload-certs --config "$config" > /dev/null
