// Package testprocess answers one question: how does a test run somebody else's server and leave nothing of it
// behind? Start at Run. It imports nothing of ours, and only tests and the servers they run use it.
package testprocess

import (
	"bytes"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// told is how many of the last bytes of a server's output are shown of a test that failed.
const told = 4 << 10

// Run starts the program. It is killed when the test ends, also if the test itself is killed, and what it
// said is shown if the test failed.
func Run(t testing.TB, program *exec.Cmd) {
	t.Helper()
	var output bytes.Buffer
	program.Stdout, program.Stderr = &output, &output
	program.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// The death signal is sent when the thread that started the process ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = program.Process.Kill() // it may have died already
		_ = program.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program.Path), output.Bytes()[max(0, output.Len()-told):])
		}
	})
}

// FreePort is one of loopback that nobody listens on. Another process may take it before the server does: a
// server that can tell which port it got should choose for itself.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
