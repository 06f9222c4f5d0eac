# The pod network and the cloud's controller. MIRROR, IMAGES, POD_CIDR, CLOUD_CONF (text of cloud.conf)
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
cloud=cloud-provider-openstack/v1.36.0/manifests
apply_manifests() {
    for path in "$@"; do
        echo ---; curl -fsS "$MIRROR/$path"
    done | sed "s|__IMAGE_REPOSITORY__|$IMAGES|; s|__POD_CIDR__|$POD_CIDR|" | kubectl apply -f - > /dev/null
}
apply_manifests flannel/v0.28.4/kube-flannel.yml & network=$!
echo "$CLOUD_CONF" | kubectl -n kube-system create secret generic cloud-config --from-file=cloud.conf=/dev/stdin
apply_manifests $cloud/cloud-controller-manager-roles.yaml $cloud/cloud-controller-manager-role-bindings.yaml \
    $cloud/openstack-cloud-controller-manager-ds.yaml
wait "$network"
