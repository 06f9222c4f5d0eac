// flanneld for clusters: gives each node's pods a route to the pods of every other node.
//
// Everything is done by flannel's own packages; this program only joins the ones that a Kubernetes cluster needs: leases
// from the Kubernetes API, the backends vxlan, host-gw and alloc, and masquerading with iptables. IPv4 only.
//
//	flanneld run          what the DaemonSet's container does, until it is told to end
//	flanneld install-cni  what its init container does: put the CNI plugin and its configuration on the node
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	log "k8s.io/klog/v2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := dispatch(ctx, os.Args[1:])
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Errorf("%v", err)
		log.Flush()
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: run or install-cni")
	}
	switch command, rest := arguments[0], arguments[1:]; command {
	case "run":
		return runNode(ctx, parseNodeOptions(rest))
	case "install-cni":
		return installCNI(parseInstallOptions(rest))
	default:
		return fmt.Errorf("unknown command %q: say run or install-cni", command)
	}
}
