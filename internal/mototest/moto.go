// Package mototest answers: where is another AWS to test against?
//
// moto is an emulator of AWS that others write. What works against our own simulated
// region and against moto cannot rest on a mistake that we made twice. A package's tests
// share a [Server].
//
// The package imports the standard library only.
package mototest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// listening is how moto's web server says where it can be reached.
var listening = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// startLimit is generous: Python imports a lot, and test machines are busy.
const startLimit = time.Minute

// Server is a moto server that the tests of a package use one after another. It starts
// when the first test asks for it.
type Server struct {
	// Images are the machine images it knows, as OWNER/NAME.
	Images []string

	url  string
	stop func()
}

// URL is where an empty server is. The test is skipped if moto is not installed, and
// fails if that happens where moto is required: in CI and in the contract tests.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	if s.url == "" {
		s.start(t)
		return s.url
	}
	answer, err := http.Post(s.url+"/moto-api/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("reset moto: %s", answer.Status)
	}
	return s.url
}

// Stop ends the server, if it was started. Call it from TestMain.
func (s *Server) Stop() {
	if s.url != "" {
		s.stop()
		s.url = ""
	}
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	path, err := exec.LookPath("moto_server")
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("QUORATE_CONTRACT") == "required" {
			t.Fatal("moto is required here: pip install 'moto[server]'")
		}
		t.Skip("moto is not installed: pip install 'moto[server]'")
	}
	// The folder outlives the test that starts the server: moto reads the file at its first EC2 call.
	folder, err := os.MkdirTemp("", "moto") //nolint:usetesting // that one goes with the test that starts the server
	if err != nil {
		t.Fatal(err)
	}
	output, write := io.Pipe()
	server := exec.Command(path, "-H", "127.0.0.1", "-p", "0")
	server.Env = append(os.Environ(), "MOTO_AMIS_PATH="+catalogue(t, folder, s.Images))
	server.Stdout, server.Stderr = write, write
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it may run behind a shim
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Wait() // it was killed, or it died; either way it is gone
		write.Close()
	}()
	s.stop = func() {
		_ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL) // it may be gone already
		<-ended
		_ = os.RemoveAll(folder)
	}
	if s.url = waitFor(output); s.url == "" {
		s.stop()
		t.Fatal("moto did not start")
	}
}

// catalogue writes the file that moto reads its images from.
func catalogue(t testing.TB, folder string, images []string) (path string) {
	t.Helper()
	list := []map[string]any{}
	for i, image := range images {
		owner, name, _ := strings.Cut(image, "/")
		list = append(list, map[string]any{
			"ami_id": fmt.Sprintf("ami-%017x", i+1), "owner_id": owner, "name": name, "root_device_name": "/dev/sda1",
			"root_device_type": "ebs", "virtualization_type": "hvm", "hypervisor": "xen", "architecture": "x86_64", "public": true,
		})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(folder, "images.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// waitFor reads the server's output until it says where it is, and goes on reading so
// that the server never blocks on it. It is empty if the server does not start.
func waitFor(output io.Reader) (url string) {
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
				break
			}
		}
		close(found)
		_, _ = io.Copy(io.Discard, output)
	}()
	select {
	case url := <-found:
		return url
	case <-time.After(startLimit):
		return ""
	}
}
