// The CNI plugin `flannel`: gives a pod its interface on the node's bridge, with an address of the node's subnet.
//
// It makes no interface itself. It reads the subnet that flanneld leased, writes a configuration for the plugins bridge
// and host-local (see delegate.go), and has them do it. That configuration is kept until the pod is gone, because
// flanneld may have another subnet by then.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"
)

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: remove, Check: check}, version.All, "flannel: bridge in a leased subnet")
}

func add(args *skel.CmdArgs) error {
	conf, err := parseConf(args.StdinData)
	if err != nil {
		return err
	}
	lease, err := readLease(conf.SubnetFile)
	if err != nil {
		return err
	}
	delegate, err := renderDelegate(conf, lease)
	if err != nil {
		return err
	}
	if err := keep(conf, args, delegate.Raw); err != nil {
		return err
	}
	result, err := invoke.DelegateAdd(context.Background(), delegate.Type, delegate.Raw, nil)
	if err != nil {
		return fmt.Errorf("plugin %s: %w", delegate.Type, err)
	}
	return types.PrintResult(result, conf.CNIVersion)
}

func check(args *skel.CmdArgs) error {
	conf, err := parseConf(args.StdinData)
	if err != nil {
		return err
	}
	delegate, err := recall(conf, args)
	if err != nil {
		return err
	}
	if delegate, err = delegate.withPrevResult(conf.RawPrevResult); err != nil {
		return err
	}
	return invoke.DelegateCheck(context.Background(), delegate.Type, delegate.Raw, nil)
}

// remove is idempotent: of a pod that was never added, or is removed already, nothing is kept.
func remove(args *skel.CmdArgs) error {
	conf, err := parseConf(args.StdinData)
	if err != nil {
		return err
	}
	delegate, err := recall(conf, args)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := invoke.DelegateDel(context.Background(), delegate.Type, delegate.Raw, nil); err != nil {
		return fmt.Errorf("plugin %s: %w", delegate.Type, err)
	}
	return os.Remove(keptFile(conf, args))
}

func keptFile(conf *flannelConf, args *skel.CmdArgs) string {
	return filepath.Join(conf.DataDir, args.ContainerID+"-"+args.IfName)
}

func keep(conf *flannelConf, args *skel.CmdArgs, delegate []byte) error {
	if err := os.MkdirAll(conf.DataDir, 0o700); err != nil {
		return fmt.Errorf("cannot keep the pod's configuration: %w", err)
	}
	if err := os.WriteFile(keptFile(conf, args), delegate, 0o600); err != nil {
		return fmt.Errorf("cannot keep the pod's configuration: %w", err)
	}
	return nil
}

func recall(conf *flannelConf, args *skel.CmdArgs) (delegateConf, error) {
	kept, err := os.ReadFile(keptFile(conf, args))
	if err != nil {
		return delegateConf{}, fmt.Errorf("the pod's configuration is not kept: %w", err)
	}
	return parseDelegate(kept)
}
