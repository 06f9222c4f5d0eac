package main

import (
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

// serveFiles opens files through os.Root, which refuses every path and every link that leads out of the folder.
func serveFiles(address, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: address, Handler: files(root.FS()), ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

// files serves a folder read-only, with ranges.
//
// Where FILE.zst lies beside FILE and the client accepts the encoding zstd, that is sent: a third of the bytes, and the
// client ends up with the very same file. The .zst files cannot be asked for by name.
func files(tree fs.FS) http.Handler {
	plain := http.FileServerFS(tree)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "this server only reads", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if strings.HasSuffix(name, ".zst") {
			http.NotFound(w, r)
			return
		}
		packed := name + ".zst"
		if !exists(tree, packed) {
			plain.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Vary", "Accept-Encoding")
		if !acceptsZstd(r) || r.Header.Get("Range") != "" {
			plain.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Encoding", "zstd")
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeFileFS(w, r, tree, packed)
	})
}

func acceptsZstd(r *http.Request) bool {
	for encoding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if name, _, _ := strings.Cut(strings.TrimSpace(encoding), ";"); name == "zstd" {
			return true
		}
	}
	return false
}

func exists(tree fs.FS, name string) bool {
	status, err := fs.Stat(tree, name)
	return err == nil && status.Mode().IsRegular()
}
