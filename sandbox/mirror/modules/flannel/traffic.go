package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
)

const rulesResyncSeconds = 5

// ensureTrafficRules starts the loops that keep the forwarding rules and, if asked for, the masquerading rules in place.
//
// Rules of an earlier run for another network are removed; the subnet file, not yet rewritten, tells which.
func ensureTrafficRules(ctx context.Context, config *subnet.Config, own *lease.Lease, o nodeOptions) error {
	rules := &iptables.IPTablesManager{}
	if err := rules.Init(ctx); err != nil {
		return fmt.Errorf("iptables: %w", err)
	}
	if o.masquerade {
		before := readSubnetFile(o.subnetFile)
		noIPv6 := ip.IP6Net{}
		if err := rules.SetupAndEnsureMasqRules(ctx,
			config.Network, before.subnet, before.network,
			noIPv6, noIPv6, noIPv6,
			own, rulesResyncSeconds, false,
		); err != nil {
			return fmt.Errorf("masquerading rules: %w", err)
		}
	}
	rules.SetupAndEnsureForwardRules(ctx, config.Network, ip.IP6Net{}, rulesResyncSeconds)
	return nil
}

type earlierNetwork struct{ network, subnet ip.IP4Net }

// readSubnetFile returns zero networks for what the file does not say, as on a node's first start.
func readSubnetFile(path string) earlierNetwork {
	content, err := os.ReadFile(path)
	if err != nil {
		return earlierNetwork{}
	}
	var found earlierNetwork
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "FLANNEL_NETWORK":
			found.network = parseNetwork(value)
		case "FLANNEL_SUBNET":
			found.subnet = parseNetwork(value)
		}
	}
	return found
}

func parseNetwork(cidr string) ip.IP4Net {
	var network ip.IP4Net
	if err := network.UnmarshalJSON([]byte(`"` + cidr + `"`)); err != nil {
		return ip.IP4Net{}
	}
	return network.Network()
}
