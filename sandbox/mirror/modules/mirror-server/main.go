// mirror-server is all that nodes without the internet download from: release files over HTTP, and an image registry.
//
//	mirror-server -files FOLDER -images FOLDER                       what the mirror's container runs
//	mirror-server -images FOLDER -images-address ADDRESS -writable   what fills the registry when the mirror is built
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	filesFolder := flag.String("files", "", "folder of release files; empty: serve none")
	filesAddress := flag.String("files-address", ":80", "where to serve the files")
	imagesFolder := flag.String("images", "", "folder of the registry's storage")
	imagesAddress := flag.String("images-address", ":5000", "where to serve the registry")
	writable := flag.Bool("writable", false, "let images be pushed")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan error, 2)
	if *filesFolder != "" {
		go func() { ended <- serveFiles(*filesAddress, *filesFolder) }()
	}
	go func() { ended <- serveImages(ctx, *imagesAddress, *imagesFolder, *writable) }()
	select {
	case <-ctx.Done():
	case err := <-ended:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
