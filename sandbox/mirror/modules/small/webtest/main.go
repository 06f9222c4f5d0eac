// webtest proves that a cluster's network works: a server that says which pod answered, and a client to ask it.
//
//	webtest [ADDRESS]     serve on ADDRESS, :8080 if left out
//	webtest get URL...    print each answer; fails unless every one is 200
//
// GET / answers the hostname, GET /client the caller's address as seen here, GET /healthz ok.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const requestTimeout = 5 * time.Second

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "get" {
		err = getAll(os.Args[2:])
	} else {
		err = serve(append(os.Args[1:], ":8080")[0])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address string) error {
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	server := &http.Server{Addr: address, Handler: answers(hostname), ReadHeaderTimeout: requestTimeout}
	return server.ListenAndServe()
}

func answers(hostname string) http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, hostname) })
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	routes.HandleFunc("GET /client", func(w http.ResponseWriter, r *http.Request) {
		address, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, address)
	})
	return routes
}

func getAll(urls []string) error {
	client := &http.Client{Timeout: requestTimeout}
	var failures []error
	for _, url := range urls {
		failures = append(failures, get(client, url))
	}
	return errors.Join(failures...)
}

func get(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}
