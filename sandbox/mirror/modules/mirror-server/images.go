package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

// No purging of stale uploads: it would write, and the container's storage is mounted read-only.
const registryConfiguration = `
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
http: {addr: %q}
storage:
  filesystem: {rootdirectory: %q}
  delete: {enabled: false}
  maintenance:
    readonly: {enabled: %t}
    uploadpurging: {enabled: false}
`

func serveImages(ctx context.Context, address, folder string, writable bool) error {
	rendered := fmt.Sprintf(registryConfiguration, address, folder, !writable)
	config, err := configuration.Parse(strings.NewReader(rendered))
	if err != nil {
		return err
	}
	server, err := registry.NewRegistry(ctx, config)
	if err != nil {
		return err
	}
	return server.ListenAndServe()
}
