package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/quorate/quorate/node/etcdmember"
)

// Main makes this process the machine it was started as, if it was. Programs that simulate machines call
// it before anything else, and exit with the code when it says so:
//
//	if code, isMachine := machine.Main(); isMachine {
//		os.Exit(code)
//	}
func Main() (code int, isMachine bool) {
	if os.Getenv(childVariable) == "" {
		return 0, false
	}
	if err := runMachine(os.Stdin, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

// runMachine runs the members until the end of stdin, which is the end of the parent.
func runMachine(stdin io.Reader, stderr io.Writer) error {
	var doc document
	if err := json.NewDecoder(stdin).Decode(&doc); err != nil {
		return fmt.Errorf("machine: read the document: %w", err)
	}
	useResolver(doc.Resolver)
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError})).With("machine", doc.Machine)
	all := &members{running: map[string]*etcdmember.Member{}, want: len(doc.Members)}
	ctx := context.Background() // nothing ends gracefully on a simulated machine
	for _, c := range doc.Members {
		c.Logger = logger.With("etcd", c.Etcd, "member", c.Member)
		go all.keepRunning(ctx, c)
	}
	go serveAPI(ctx, doc.API.String(), all.serving, logger)
	_, err := io.Copy(io.Discard, stdin)
	return err
}

// members are the etcd members of this machine, as far as they run.
type members struct {
	mu      sync.Mutex
	running map[string]*etcdmember.Member // by etcd cluster
	want    int
}

// keepRunning starts a member, and again when it has ended or may not start. A member that must not start
// with what is on its volume keeps saying so.
func (all *members) keepRunning(ctx context.Context, c etcdmember.Config) {
	for {
		m, err := etcdmember.Run(ctx, c)
		if err == nil {
			all.set(c.Etcd, m)
			err = <-m.Err()
			all.set(c.Etcd, nil)
			m.Stop()
		}
		c.Logger.Error("the member is not running", "error", err)
		pause(ctx)
	}
}

func (all *members) set(etcd string, m *etcdmember.Member) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.running[etcd] = m
	if m == nil {
		delete(all.running, etcd)
	}
}

// serving says what keeps the machine's API from working: a member that does not run, or that cannot read.
func (all *members) serving(ctx context.Context) error {
	all.mu.Lock()
	running := make([]*etcdmember.Member, 0, len(all.running))
	for _, m := range all.running {
		running = append(running, m)
	}
	all.mu.Unlock()
	if len(running) < all.want {
		return fmt.Errorf("%d of %d members run", len(running), all.want)
	}
	for _, m := range running {
		if err := m.Serving(ctx); err != nil {
			return err
		}
	}
	return nil
}
