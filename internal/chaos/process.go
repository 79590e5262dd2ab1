package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// servant is a service that runs as a process of its own, and is started again when it was killed.
type servant struct {
	name   string // its access key, by which the region knows it
	url    string // of the region
	task   assignment
	hear   func(told)
	stderr io.Writer

	mu    sync.Mutex
	cmd   *exec.Cmd
	input io.Closer
	gone  chan struct{}
}

func (s *servant) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(s.task)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), program) // it lives until it is killed
	cmd.Env = append(os.Environ(), serviceVariable+"=1", "AWS_ENDPOINT_URL="+s.url, "AWS_ACCESS_KEY_ID="+s.name,
		"AWS_SECRET_ACCESS_KEY=chaos", "AWS_EC2_METADATA_DISABLED=true", "AWS_CA_BUNDLE=")
	cmd.Stderr = s.stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a service: %w", err)
	}
	if _, err := input.Write(text); err != nil {
		return fmt.Errorf("start a service: %w", err)
	}
	s.cmd, s.input, s.gone = cmd, input, make(chan struct{})
	go s.listen(output, cmd, s.gone)
	return nil
}

// listen passes on what the service says, until it is gone.
func (s *servant) listen(output io.Reader, cmd *exec.Cmd, gone chan struct{}) {
	defer close(gone)
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var t told
		if err := json.Unmarshal(lines.Bytes(), &t); err == nil { // the last line of one that was killed may be cut short
			s.hear(t)
		}
	}
	_ = cmd.Wait() // killed, mostly
}

// kill ends the process as kill -9 does, and returns when it is gone.
func (s *servant) kill() {
	s.mu.Lock()
	cmd, input, gone := s.cmd, s.input, s.gone
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill() // it may have gone by itself
	<-gone
	_ = input.Close()
}

// died reports whether the process ended although nobody killed it.
func (s *servant) died() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}
