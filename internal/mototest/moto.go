// Package mototest answers: where is another AWS to test against?
//
// moto is an emulator of AWS that others write. What works against our own simulated
// region and against moto cannot rest on a mistake that we made twice. Tests call
// [Start] for a server of their own.
//
// The package imports the standard library only.
package mototest

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// listening is how moto's web server says where it can be reached.
var listening = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// startLimit is generous: Python imports a lot, and test machines are busy.
const startLimit = time.Minute

// Start runs an empty moto server for the length of the test and returns its URL. The
// test is skipped if moto is not installed, and fails if that happens in CI.
func Start(t testing.TB) (url string) {
	t.Helper()
	path, err := exec.LookPath("moto_server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI needs moto: pip install 'moto[server]'")
		}
		t.Skip("moto is not installed: pip install 'moto[server]'")
	}
	output, write := io.Pipe()
	server := exec.Command(path, "-H", "127.0.0.1", "-p", "0")
	server.Stdout, server.Stderr = write, write
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it may run behind a shim
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Wait()
		write.Close()
	}()
	t.Cleanup(func() {
		syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	return waitFor(t, output)
}

// waitFor reads the server's output until it says where it is, and goes on reading so
// that the server never blocks on it.
func waitFor(t testing.TB, output io.Reader) string {
	t.Helper()
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case found <- m[1]:
				default:
				}
			}
		}
		close(found)
	}()
	select {
	case url, ok := <-found:
		if !ok {
			t.Fatal("moto ended before it served anything")
		}
		return url
	case <-time.After(startLimit):
		t.Fatal("moto did not start in time")
	}
	return ""
}

// Reset empties the server.
func Reset(t testing.TB, url string) {
	t.Helper()
	answer, err := http.Post(url+"/moto-api/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("reset moto: %s", answer.Status)
	}
}
