package lease

import (
	"errors"
	"os"
	"testing"
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
