package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheServerSaysWhichPodAnsweredAndWhoAsked(t *testing.T) {
	server := httptest.NewServer(answers("pod-7"))
	defer server.Close()
	for path, want := range map[string]string{"/": "pod-7\n", "/client": "127.0.0.1\n", "/healthz": "ok\n"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if got, _ := io.ReadAll(response.Body); string(got) != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestAnAnswerThatIsNotOKIsAFailure(t *testing.T) {
	server := httptest.NewServer(answers("pod-7"))
	defer server.Close()
	if err := getAll([]string{server.URL + "/", server.URL + "/missing"}); err == nil {
		t.Error("no failure")
	}
}
