# Takes a member out of etcd. MEMBER_ID in hexadecimal; one that is gone already is no error.
container=$(crictl ps --quiet --name '^etcd$' | head -n 1)
if [ -z "$container" ]; then echo "etcd does not run here"; exit 1; fi
pki=/etc/kubernetes/pki/etcd
said=$(crictl exec "$container" etcdctl --endpoints=https://127.0.0.1:2379 --cacert=$pki/ca.crt \
    --cert=$pki/server.crt --key=$pki/server.key --command-timeout=10s member remove "$MEMBER_ID" 2>&1) && exit 0
case $said in *"not found"*) exit 0 ;; esac
echo "$said"
exit 1
