// Package lease answers: who may change this cluster now?
//
// One holder at a time: [Acquire] takes an exclusive lock on a file of the cluster,
// which the kernel gives back the moment the holder dies, however it dies. The lock
// is asked again before every mutating call ([Lease.Guard]), so that a holder whose
// file was taken away stops at once. It holds on one machine; two machines that work
// on one cluster need a shared folder.
//
// It imports only the standard library and golang.org/x/sys.
package lease

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Settling is how long after the last call of a holder that died nobody else changes
// anything. AWS's reads lag behind its writes for seconds, so the next holder may not
// see yet what the last one made, and would make it again.
const Settling = 8 * time.Second

// ErrHeld says that somebody else is at work on the cluster.
var ErrHeld = errors.New("somebody else is changing this cluster")

// A Lease is the right to change one cluster.
type Lease struct {
	cluster string
	path    string
	file    *os.File
	// died is the last call of a holder that died; zero if the last holder gave the
	// lease back.
	died time.Time
}

// Dir is where leases live when nobody says otherwise: a folder of this user.
func Dir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for leases: %w", err)
	}
	return filepath.Join(cache, "quorate", "leases"), nil
}

// Acquire takes the lease of a cluster, without waiting: [ErrHeld] if somebody has it.
// The file tells people who.
func Acquire(dir, cluster string) (*Lease, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lease of %s: %w", cluster, err)
	}
	path := pathOf(dir, cluster)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lease of %s: %w", cluster, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: process %s holds %s", ErrHeld, strings.TrimSpace(string(holder)), path)
		}
		return nil, fmt.Errorf("lease of %s: %w", cluster, err)
	}
	l := &Lease{cluster: cluster, path: path, file: file}
	l.inherit()
	return l, l.sign()
}

// inherit looks whether the last holder died: then the file still has its name, and
// the time of its last call.
func (l *Lease) inherit() {
	if info, err := l.file.Stat(); err == nil && info.Size() > 0 {
		l.died = info.ModTime()
	}
}

// Settle waits until everything that a holder who died has done is visible. It
// returns at once if the last holder gave the lease back.
func (l *Lease) Settle(ctx context.Context) error { return l.SettleFor(ctx, Settling) }

// SettleFor is [Lease.Settle] where AWS's reads lag otherwise, as in a simulated region
// whose time runs faster.
func (l *Lease) SettleFor(ctx context.Context, lag time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(l.died.Add(lag))):
		return nil
	}
}

// sign writes the process id into the file.
func (l *Lease) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("lease of %s: %w", l.cluster, err)
	}
	if _, err := l.file.WriteAt([]byte(fmt.Sprintln(os.Getpid())), 0); err != nil {
		return fmt.Errorf("lease of %s: %w", l.cluster, err)
	}
	return nil
}

// Guard refuses the operation if the lease is no longer ours: released, or its file
// removed or replaced, in which case somebody else may have locked a new one.
func (l *Lease) Guard(_ context.Context, operation string) error {
	now, err := os.Stat(l.path)
	if err == nil {
		var held os.FileInfo
		if held, err = l.file.Stat(); err == nil && os.SameFile(now, held) {
			return l.touch()
		}
	}
	return fmt.Errorf("%s was not sent: the lease of %s is lost", operation, l.cluster)
}

// touch notes the time of a call, for whoever comes after us should we die.
func (l *Lease) touch() error {
	if err := os.Chtimes(l.path, time.Time{}, time.Now()); err != nil {
		return fmt.Errorf("lease of %s: %w", l.cluster, err)
	}
	return nil
}

// Release gives the lease back. The file stays, so that nobody locks a removed one.
func (l *Lease) Release() error {
	if err := errors.Join(l.file.Truncate(0), l.file.Close()); err != nil {
		return fmt.Errorf("release the lease of %s: %w", l.cluster, err)
	}
	return nil
}

// Holder says which process is at work on the cluster, without getting into its way; nobody if it is zero. It
// goes by what the holder wrote and by its being alive, and takes no lock.
func Holder(dir, cluster string) (pid int) {
	text, err := os.ReadFile(pathOf(dir, cluster))
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		return 0 // it was given back
	}
	if err := unix.Kill(pid, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return 0 // it died
	}
	return pid
}

func pathOf(dir, cluster string) string {
	return filepath.Join(dir, strings.ReplaceAll(cluster, string(filepath.Separator), "_")+".lock")
}
