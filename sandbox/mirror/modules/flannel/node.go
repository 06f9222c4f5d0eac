package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/alloc"
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	log "k8s.io/klog/v2"
)

type nodeOptions struct {
	netConf          string
	subnetFile       string
	kubeconfig       string
	annotationPrefix string
	iface            string
	healthz          string
	masquerade       bool
}

func parseNodeOptions(arguments []string) nodeOptions {
	var o nodeOptions
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	flags.StringVar(&o.netConf, "net-conf", "/etc/kube-flannel/net-conf.json", "the pod network and its backend")
	flags.StringVar(&o.subnetFile, "subnet-file", "/run/flannel/subnet.env", "where the CNI plugin finds this node's subnet")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "empty: the pod's service account")
	flags.StringVar(&o.annotationPrefix, "annotation-prefix", "flannel.alpha.coreos.com", "of the Node's annotations")
	flags.StringVar(&o.iface, "iface", "", "name or address of the interface to other nodes; empty: the default route's")
	flags.StringVar(&o.healthz, "healthz", "", "address that answers /healthz once the node's network is up; empty: none")
	flags.BoolVar(&o.masquerade, "ip-masq", false, "masquerade what pods send out of the pod network")
	_ = flags.Parse(arguments) // ExitOnError
	return o
}

// runNode keeps the node's routes as the cluster's leases say, until ctx ends.
func runNode(ctx context.Context, o nodeOptions) error {
	leases, err := kube.NewSubnetManager(ctx, "", o.kubeconfig, o.annotationPrefix, o.netConf, true)
	if err != nil {
		return fmt.Errorf("no leases from the Kubernetes API: %w", err)
	}
	config, err := leases.GetNetworkConfig(ctx)
	if err != nil {
		return fmt.Errorf("no network configuration: %w", err)
	}
	if err := requireSupported(config); err != nil {
		return err
	}

	var running sync.WaitGroup
	network, err := registerNetwork(ctx, &running, leases, config, o.iface)
	if err != nil {
		return err
	}
	if err := ensureTrafficRules(ctx, config, network.Lease(), o); err != nil {
		return err
	}
	own := network.Lease()
	if err := leases.HandleSubnetFile(o.subnetFile, config, o.masquerade, own.Subnet, own.IPv6Subnet, network.MTU()); err != nil {
		return fmt.Errorf("cannot write %s: %w", o.subnetFile, err)
	}
	log.Infof("%s: subnet %s, backend %s, MTU %d", o.subnetFile, own.Subnet, config.BackendType, network.MTU())

	running.Go(func() { network.Run(ctx) })
	if err := leases.CompleteLease(ctx, own, &running); err != nil {
		return fmt.Errorf("cannot mark the Node's network as available: %w", err)
	}
	if o.healthz != "" {
		go serveHealthz(ctx, o.healthz)
	}
	<-ctx.Done()
	running.Wait()
	return nil
}

func requireSupported(config *subnet.Config) error {
	if !config.EnableIPv4 || config.EnableIPv6 {
		return errors.New("this flanneld does IPv4 only: set EnableIPv4 and not EnableIPv6 in net-conf.json")
	}
	if config.EnableNFTables {
		return errors.New("this flanneld does iptables only: remove EnableNFTables from net-conf.json")
	}
	// without it kube-proxy does not see packets between pods of one bridge, and Services fail there only
	const bridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables"
	if _, err := os.Stat(bridgeFilter); err != nil {
		return fmt.Errorf("the kernel's br_netfilter is not loaded: %w", err)
	}
	return nil
}

func registerNetwork(
	ctx context.Context, running *sync.WaitGroup, leases subnet.Manager, config *subnet.Config, iface string,
) (backend.Network, error) {
	family, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return nil, err
	}
	storedAddress, _ := leases.GetStoredPublicIP(ctx)
	external, err := ipmatch.LookupExtIface(iface, "", "", family, ipmatch.PublicIPOpts{PublicIP: storedAddress})
	if err != nil {
		return nil, fmt.Errorf("no interface to the other nodes: %w", err)
	}
	chosen, err := backend.NewManager(ctx, leases, external).GetBackend(config.BackendType)
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", config.BackendType, err)
	}
	network, err := chosen.RegisterNetwork(ctx, running, config)
	if err != nil {
		return nil, fmt.Errorf("backend %s does not start: %w", config.BackendType, err)
	}
	return network, nil
}

func serveHealthz(ctx context.Context, address string) {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	server := &http.Server{Addr: address, Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Errorf("healthz: %v", err)
	}
}
