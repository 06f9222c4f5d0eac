# The members of etcd, as JSON.
container=$(crictl ps --quiet --name '^etcd$' | head -n 1)
if [ -z "$container" ]; then echo "etcd does not run here"; exit 1; fi
pki=/etc/kubernetes/pki/etcd
crictl exec "$container" etcdctl --endpoints=https://127.0.0.1:2379 --cacert=$pki/ca.crt --cert=$pki/server.crt \
    --key=$pki/server.key --command-timeout=10s member list --write-out=json
