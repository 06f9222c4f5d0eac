"""kubeadm's configuration and the node's files, as pure functions of what is desired and what the machine is."""
