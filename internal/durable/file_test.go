package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/quorate/quorate/internal/durable"
)

func TestWhatWasWrittenIsThereWholeForItsOwnerOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "memory.json")
	for _, value := range []string{"first, and long", "second"} {
		if err := durable.WriteJSON(file, value); err != nil {
			t.Fatal(err)
		}
		expect(t, file, `"`+value+`"`+"\n")
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
}

func TestWhatACrashLeftHalfWrittenIsOverwritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory")
	if err := os.WriteFile(file+durable.Unfinished, []byte("a long half of something"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(file, []byte("short")); err != nil {
		t.Fatal(err)
	}
	expect(t, file, "short")
	if _, err := os.Stat(file + durable.Unfinished); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something unfinished is left: %v", err)
	}
}

func TestAWriteThatFailsKeepsWhatWasThere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory")
	if err := durable.WriteFile(file, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file+durable.Unfinished, 0o700); err != nil { // so that it cannot be written
		t.Fatal(err)
	}
	if err := durable.WriteFile(file, []byte("new")); err == nil {
		t.Error("a write that was impossible succeeded")
	}
	if err := durable.WriteJSON(file, func() {}); err == nil {
		t.Error("a function was written as JSON")
	}
	expect(t, file, "old")
}

func expect(t *testing.T, file, want string) {
	t.Helper()
	if got, err := os.ReadFile(file); string(got) != want || err != nil {
		t.Errorf("%s holds %q (%v), want %q", file, got, err, want)
	}
}
