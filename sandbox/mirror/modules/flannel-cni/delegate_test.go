package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/containernetworking/cni/pkg/skel"
)

const subnetEnv = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1392\nFLANNEL_IPMASQ=true\n"

func rendered(t *testing.T, conf, env string) map[string]any {
	t.Helper()
	parsed, err := parseConf([]byte(conf))
	if err != nil {
		t.Fatal(err)
	}
	lease, err := parseLease(env)
	if err != nil {
		t.Fatal(err)
	}
	delegate, err := renderDelegate(parsed, lease)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(delegate.Raw, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func requireEqual(t *testing.T, got any, want string) {
	t.Helper()
	var expected any
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("got %v, want %v", got, expected)
	}
}

func TestThePodGetsABridgeInTheLeasedSubnet(t *testing.T) {
	got := rendered(t, `{"name":"cbr0","cniVersion":"1.0.0","type":"flannel",
		"delegate":{"hairpinMode":true,"isDefaultGateway":true}}`, subnetEnv)
	requireEqual(t, any(got), `{
		"name":"cbr0","cniVersion":"1.0.0","type":"bridge","bridge":"cni0","mtu":1392,
		"isGateway":true,"isDefaultGateway":true,"hairpinMode":true,"ipMasq":false,
		"ipam":{"type":"host-local","routes":[{"dst":"10.244.0.0/16"}],
			"ranges":[[{"subnet":"10.244.3.0/24","gateway":"10.244.3.1"}]]}}`)
}

func TestAnyPrefixLengthIsLeftAsLeased(t *testing.T) {
	for env, want := range map[string]string{
		"10.244.3.129/25": `[[{"subnet":"10.244.3.128/25","gateway":"10.244.3.129"}]]`,
		"10.244.64.1/18":  `[[{"subnet":"10.244.64.0/18","gateway":"10.244.64.1"}]]`,
		"10.9.8.241/28":   `[[{"subnet":"10.9.8.240/28","gateway":"10.9.8.241"}]]`,
	} {
		got := rendered(t, `{"name":"n","cniVersion":"1.0.0"}`,
			"FLANNEL_NETWORK=10.0.0.0/8\nFLANNEL_SUBNET="+env+"\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=true\n")
		requireEqual(t, got["ipam"].(map[string]any)["ranges"], want)
	}
}

func TestTheBridgeMasqueradesOnlyIfFlanneldDoesNot(t *testing.T) {
	got := rendered(t, `{"name":"n","cniVersion":"1.0.0"}`,
		"FLANNEL_NETWORK=10.0.0.0/8\nFLANNEL_SUBNET=10.1.0.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=false\n")
	if got["ipMasq"] != true {
		t.Errorf("ipMasq: %v", got["ipMasq"])
	}
}

func TestTheConfigurationsOwnWordsStand(t *testing.T) {
	got := rendered(t, `{"name":"n","cniVersion":"1.0.0","delegate":{"bridge":"br7","mtu":1200}}`, subnetEnv)
	if got["bridge"] != "br7" || got["mtu"] != 1200.0 {
		t.Errorf("%v", got)
	}
}

func TestRuntimeConfigIsPassedOn(t *testing.T) {
	got := rendered(t, `{"name":"n","cniVersion":"1.0.0","runtimeConfig":{"mac":"02:00:00:00:00:01"}}`, subnetEnv)
	requireEqual(t, got["runtimeConfig"], `{"mac":"02:00:00:00:00:01"}`)
}

func TestAHalfWrittenLeaseIsRefused(t *testing.T) {
	if _, err := parseLease("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.2"); err == nil {
		t.Error("accepted")
	}
}

func TestWithoutALeaseAddingAPodSaysWhatIsMissing(t *testing.T) {
	_, err := readLease(filepath.Join(t.TempDir(), "subnet.env"))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestRemovingAPodThatWasNeverAddedDoesNothing(t *testing.T) {
	conf := `{"name":"n","cniVersion":"1.0.0","dataDir":"` + t.TempDir() + `"}`
	if err := remove(&skel.CmdArgs{ContainerID: "c", IfName: "eth0", StdinData: []byte(conf)}); err != nil {
		t.Error(err)
	}
}
