package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

type installOptions struct {
	plugin, pluginTarget string
	config, configTarget string
}

func parseInstallOptions(arguments []string) installOptions {
	var o installOptions
	flags := flag.NewFlagSet("install-cni", flag.ExitOnError)
	flags.StringVar(&o.plugin, "plugin", "/opt/cni/flannel", "the CNI plugin in this image")
	flags.StringVar(&o.pluginTarget, "plugin-target", "/host/opt/cni/bin/flannel", "where the node's runtime looks for it")
	flags.StringVar(&o.config, "config", "/etc/kube-flannel/cni-conf.json", "the CNI configuration")
	flags.StringVar(&o.configTarget, "config-target", "/host/etc/cni/net.d/10-flannel.conflist", "where the runtime reads it")
	_ = flags.Parse(arguments) // ExitOnError
	return o
}

// installCNI puts the plugin first and its configuration last: a runtime that sees the configuration calls the plugin.
func installCNI(o installOptions) error {
	if err := installFile(o.plugin, o.pluginTarget, 0o755); err != nil {
		return err
	}
	return installFile(o.config, o.configTarget, 0o644)
}

// installFile replaces target in one step, so that nobody runs or reads half of it. Idempotent.
func installFile(source, target string, mode os.FileMode) error {
	content, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("cannot install %s: %w", target, err)
	}
	part := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".part")
	if err := os.WriteFile(part, content, mode); err != nil {
		return fmt.Errorf("cannot install %s: %w", target, err)
	}
	if err := os.Rename(part, target); err != nil {
		return fmt.Errorf("cannot install %s: %w", target, err)
	}
	return nil
}
