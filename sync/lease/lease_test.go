package lease

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestOnlyOneHoldsTheLease(t *testing.T) {
	dir := t.TempDir()
	first, err := Acquire(dir, "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(dir, "ha.example.com"); !errors.Is(err, ErrHeld) {
		t.Errorf("a second holder got %v", err)
	}
	if _, err := Acquire(dir, "other.example.com"); err != nil {
		t.Errorf("another cluster's lease: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(dir, "ha.example.com"); err != nil {
		t.Errorf("after release: %v", err)
	}
}

func TestALostLeaseStopsEveryCall(t *testing.T) {
	l, err := Acquire(t.TempDir(), "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Guard(t.Context(), "CreateVpc"); err != nil {
		t.Fatalf("the holder is stopped: %v", err)
	}
	if err := os.Remove(l.path); err != nil {
		t.Fatal(err)
	}
	if err := l.Guard(t.Context(), "CreateVpc"); err == nil {
		t.Error("a call goes out although the lease's file is gone")
	}
}

func TestAfterADeathTheNextHolderWaitsUntilItsCallsAreVisible(t *testing.T) {
	dir := t.TempDir()
	dead, err := Acquire(dir, "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.Guard(t.Context(), "CreateVpc"); err != nil {
		t.Fatal(err)
	}
	_ = dead.file.Close() // what the kernel does for who is killed
	heir, err := Acquire(dir, "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if wait := time.Until(heir.died.Add(Settling)); wait <= 0 || wait > Settling {
		t.Errorf("the heir waits for %s", wait)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := heir.Settle(ctx); err == nil {
		t.Error("the heir does not wait at all")
	}
	if err := heir.Release(); err != nil {
		t.Fatal(err)
	}
	next, err := Acquire(dir, "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Settle(t.Context()); err != nil || !next.died.IsZero() {
		t.Errorf("after a release the next holder waits until %s: %v", next.died, err)
	}
}

func TestAReleasedLeaseStopsEveryCall(t *testing.T) {
	l, err := Acquire(t.TempDir(), "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if err := l.Guard(t.Context(), "CreateVpc"); err == nil {
		t.Error("a call goes out although the lease was released")
	}
}

func TestTheHolderIsSeenWithoutALock(t *testing.T) {
	dir := t.TempDir()
	if pid := Holder(dir, "ha.example.com"); pid != 0 {
		t.Errorf("process %d holds what nobody took", pid)
	}
	l, err := Acquire(dir, "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if pid := Holder(dir, "ha.example.com"); pid != os.Getpid() {
		t.Errorf("process %d holds it, want %d", pid, os.Getpid())
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if pid := Holder(dir, "ha.example.com"); pid != 0 {
		t.Errorf("process %d holds what was given back", pid)
	}
	const nobody = 1 << 30 // above every process id of Linux
	if err := os.WriteFile(pathOf(dir, "ha.example.com"), fmt.Appendln(nil, nobody), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid := Holder(dir, "ha.example.com"); pid != 0 {
		t.Errorf("process %d holds it, and died", pid)
	}
}
