package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flannel-io/flannel/pkg/subnet"
)

func TestTheSubnetFileOfAnEarlierRunNamesItsNetworks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "subnet.env")
	content := "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.129/25\nFLANNEL_MTU=1392\nFLANNEL_IPMASQ=true\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	before := readSubnetFile(file)
	if got := before.network.String(); got != "10.244.0.0/16" {
		t.Errorf("network: %s", got)
	}
	if got := before.subnet.String(); got != "10.244.3.128/25" {
		t.Errorf("subnet: %s", got)
	}
}

func TestANodesFirstStartHasNoEarlierNetwork(t *testing.T) {
	before := readSubnetFile(filepath.Join(t.TempDir(), "subnet.env"))
	if !before.network.Empty() || !before.subnet.Empty() {
		t.Errorf("%+v", before)
	}
}

func TestDualStackIsRefusedWithAnAdvice(t *testing.T) {
	if err := requireSupported(&subnet.Config{EnableIPv4: true, EnableIPv6: true}); err == nil {
		t.Error("accepted")
	}
}

func TestInstallingReplacesWhatAnEarlierVersionLeft(t *testing.T) {
	folder := t.TempDir()
	o := installOptions{
		plugin: filepath.Join(folder, "plugin"), pluginTarget: filepath.Join(folder, "flannel"),
		config: filepath.Join(folder, "config"), configTarget: filepath.Join(folder, "10-flannel.conflist"),
	}
	for path, content := range map[string]string{o.plugin: "new", o.config: "{}", o.pluginTarget: "old"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := installCNI(o); err != nil {
			t.Fatal(err)
		}
	}
	if content, _ := os.ReadFile(o.pluginTarget); string(content) != "new" {
		t.Errorf("plugin: %s", content)
	}
	if status, _ := os.Stat(o.pluginTarget); status.Mode().Perm() != 0o755 {
		t.Errorf("mode: %v", status.Mode())
	}
}
