package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"

	"github.com/containernetworking/cni/pkg/types"
)

const (
	defaultSubnetFile = "/run/flannel/subnet.env"
	defaultDataDir    = "/var/lib/cni/flannel"
)

// flannelConf is what stands in the node's CNI configuration for `"type": "flannel"`.
type flannelConf struct {
	types.NetConf
	SubnetFile    string         `json:"subnetFile"`
	DataDir       string         `json:"dataDir"`
	Delegate      map[string]any `json:"delegate"`
	RuntimeConfig map[string]any `json:"runtimeConfig"`
}

// delegateConf is a configuration for the plugin that makes the interface.
type delegateConf struct {
	Type string
	Raw  []byte
}

func parseConf(raw []byte) (*flannelConf, error) {
	conf := &flannelConf{SubnetFile: defaultSubnetFile, DataDir: defaultDataDir}
	if err := json.Unmarshal(raw, conf); err != nil {
		return nil, fmt.Errorf("the CNI configuration is not readable: %w", err)
	}
	return conf, nil
}

// renderDelegate lets the configuration's own words stand and adds what the lease says.
//
// The bridge masquerades exactly if flanneld does not: one of the two has to, and both together rewrite twice.
func renderDelegate(conf *flannelConf, lease nodeLease) (delegateConf, error) {
	rendered := map[string]any{
		"type":      "bridge",
		"bridge":    "cni0",
		"isGateway": true,
		"ipMasq":    !lease.Masquerade,
		"mtu":       lease.MTU,
	}
	maps.Copy(rendered, conf.Delegate)
	rendered["name"] = conf.Name
	rendered["cniVersion"] = conf.CNIVersion
	if conf.RuntimeConfig != nil {
		rendered["runtimeConfig"] = conf.RuntimeConfig
	}
	rendered["ipam"] = renderIPAM(lease)
	raw, err := json.Marshal(rendered)
	if err != nil {
		return delegateConf{}, fmt.Errorf("the delegate's configuration is not writable: %w", err)
	}
	return parseDelegate(raw)
}

func renderIPAM(lease nodeLease) map[string]any {
	type ipRange struct {
		Subnet  netip.Prefix `json:"subnet"`
		Gateway netip.Addr   `json:"gateway"`
	}
	type route struct {
		Destination netip.Prefix `json:"dst"`
	}
	return map[string]any{
		"type":   "host-local",
		"ranges": [][]ipRange{{{Subnet: lease.Subnet.Masked(), Gateway: lease.Subnet.Addr()}}},
		"routes": []route{{Destination: lease.Network}},
	}
}

func parseDelegate(raw []byte) (delegateConf, error) {
	var named struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &named); err != nil {
		return delegateConf{}, fmt.Errorf("the delegate's configuration is not readable: %w", err)
	}
	if named.Type == "" {
		return delegateConf{}, fmt.Errorf("the delegate's configuration names no plugin type")
	}
	return delegateConf{Type: named.Type, Raw: raw}, nil
}

// withPrevResult adds what the runtime says that adding the pod gave; a plugin compares with it when it checks.
func (d delegateConf) withPrevResult(prevResult map[string]any) (delegateConf, error) {
	fields := map[string]any{}
	if err := json.Unmarshal(d.Raw, &fields); err != nil {
		return delegateConf{}, fmt.Errorf("the delegate's configuration is not readable: %w", err)
	}
	fields["prevResult"] = prevResult
	raw, err := json.Marshal(fields)
	return delegateConf{Type: d.Type, Raw: raw}, err
}
