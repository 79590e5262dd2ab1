package machine

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/quorate/quorate/node/etcdmember"
)

// childVariable in the environment makes this program the process of one machine.
const childVariable = "QUORATE_SIM_MACHINE"

// document is what the process of a machine reads from its standard input.
type document struct {
	Machine  string // instance id, for logs
	Resolver string // UDP address of the simulated DNS
	API      netip.AddrPort
	Members  []etcdmember.Config
}

// restartDelay is ten times systemd's default: what cannot start now rarely can a moment later.
const restartDelay = time.Second

// process is a machine whose members run in a process of their own. One that ends by itself is started
// again, as systemd does with the agent of a real machine.
type process struct {
	ctx  context.Context // ends with Kill
	kill context.CancelFunc
	done chan struct{}
}

func (p *process) Kill()                 { p.kill() }
func (p *process) Done() <-chan struct{} { return p.done }

func (m *Machines) start(doc document) (*process, error) {
	input, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	ctx, kill := context.WithCancel(m.ctx)
	p := &process{ctx: ctx, kill: kill, done: make(chan struct{})}
	m.running.Go(func() {
		defer close(p.done)
		defer kill()
		for ctx.Err() == nil {
			m.runOnce(ctx, doc.Machine, input)
			pause(ctx)
		}
	})
	return p, nil
}

// runOnce runs the process until it ends or ctx does, which kills it.
func (m *Machines) runOnce(ctx context.Context, machine string, input []byte) {
	// The kernel kills a child when the thread that started it ends (see dieWithParent), so that thread
	// has to stay for as long as the child lives.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, m.program)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = m.config.Log
	dieWithParent(cmd)
	if err := feed(cmd, input); err != nil {
		m.logger.Error("the process of a machine does not start", "machine", machine, "error", err)
		return
	}
	if err := cmd.Wait(); ctx.Err() == nil {
		m.logger.Error("the process of a machine ended by itself", "machine", machine, "error", err)
	}
}

// feed starts the process and gives it its document. The pipe stays open: its end is how the process learns
// that its parent is gone, on systems where the kernel does not see to that.
func feed(cmd *exec.Cmd, input []byte) error {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, _ = stdin.Write(input) // fails if the process has ended already, which waiting for it will tell
	return nil
}

func pause(ctx context.Context) {
	select {
	case <-time.After(restartDelay):
	case <-ctx.Done():
	}
}

// idle is a machine on which nothing runs that matters here.
type idle struct {
	once   sync.Once
	done   chan struct{}
	cancel context.CancelFunc // ends what the machine has to say; nil if it says nothing
}

func newIdle() *idle { return &idle{done: make(chan struct{})} }

func (i *idle) Kill() {
	i.once.Do(func() {
		close(i.done)
		if i.cancel != nil {
			i.cancel()
		}
	})
}

func (i *idle) Done() <-chan struct{} { return i.done }
