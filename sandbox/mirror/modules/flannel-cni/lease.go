package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// nodeLease is what flanneld wrote down for this node.
type nodeLease struct {
	Network    netip.Prefix // of all pods of the cluster
	Subnet     netip.Prefix // of this node's pods; its address is the bridge's, the pods' gateway
	MTU        int
	Masquerade bool // flanneld masquerades what leaves the network
}

func readLease(path string) (nodeLease, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nodeLease{}, fmt.Errorf("flanneld has no lease on this node yet: %w", err)
	}
	lease, err := parseLease(string(content))
	if err != nil {
		return nodeLease{}, fmt.Errorf("%s: %w", path, err)
	}
	return lease, nil
}

// parseLease reads NAME=VALUE lines. Every field is required; names it does not know are skipped.
func parseLease(content string) (nodeLease, error) {
	values := map[string]string{}
	for line := range strings.Lines(content) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			values[name] = value
		}
	}
	var lease nodeLease
	var problems [4]error
	lease.Network, problems[0] = netip.ParsePrefix(values["FLANNEL_NETWORK"])
	lease.Subnet, problems[1] = netip.ParsePrefix(values["FLANNEL_SUBNET"])
	lease.MTU, problems[2] = strconv.Atoi(values["FLANNEL_MTU"])
	lease.Masquerade, problems[3] = strconv.ParseBool(values["FLANNEL_IPMASQ"])
	return lease, errors.Join(problems[:]...)
}
