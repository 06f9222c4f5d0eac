# The administrator's kubeconfig, as kubeadm wrote it.
cat /etc/kubernetes/admin.conf
