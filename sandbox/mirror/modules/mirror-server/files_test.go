package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func served(t *testing.T, method, target string, headers map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	outside := t.TempDir()
	folder := filepath.Join(outside, "public")
	for name, content := range map[string]string{
		"secret": "secret", "public/v1/kubelet": "0123456789", "public/v1/kubelet.zst": "packed", "public/v1/sums": "s",
	} {
		file := filepath.Join(outside, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(method, target, nil)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	files(root.FS()).ServeHTTP(answer, request)
	return answer
}

func TestAFileIsSentAsItIs(t *testing.T) {
	answer := served(t, http.MethodGet, "/v1/kubelet", nil)
	if answer.Code != http.StatusOK || answer.Body.String() != "0123456789" {
		t.Errorf("%d %q", answer.Code, answer.Body)
	}
}

func TestARangeOfAFileIsSent(t *testing.T) {
	answer := served(t, http.MethodGet, "/v1/kubelet", map[string]string{"Range": "bytes=4-", "Accept-Encoding": "zstd"})
	if answer.Code != http.StatusPartialContent || answer.Body.String() != "456789" {
		t.Errorf("%d %q", answer.Code, answer.Body)
	}
}

func TestAClientThatAcceptsZstdGetsThePackedFile(t *testing.T) {
	answer := served(t, http.MethodGet, "/v1/kubelet", map[string]string{"Accept-Encoding": "gzip, zstd;q=0.9"})
	if answer.Header().Get("Content-Encoding") != "zstd" || answer.Body.String() != "packed" {
		t.Errorf("%v %q", answer.Header(), answer.Body)
	}
}

func TestNothingOutsideTheFolderIsSent(t *testing.T) {
	for _, target := range []string{"/../secret", "/v1/../../secret", "/%2e%2e/secret", "/link"} {
		if answer := served(t, http.MethodGet, target, nil); answer.Code < 300 || answer.Body.String() == "secret" {
			t.Errorf("%s: %d %q", target, answer.Code, answer.Body)
		}
	}
}

func TestNothingCanBeWritten(t *testing.T) {
	if answer := served(t, http.MethodPut, "/v1/kubelet", nil); answer.Code != http.StatusMethodNotAllowed {
		t.Errorf("%d", answer.Code)
	}
}
