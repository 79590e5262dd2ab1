package commitstatus

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// fileName is one per commit and context, so a newer status replaces the older.
func fileName(s Status) string {
	sum := sha256.Sum256([]byte(s.Commit + " " + s.Context))
	return fmt.Sprintf("%x.json", sum[:12])
}

// write writes beside the target and renames, so that a crash leaves the old value or the new, and perhaps
// a file called new-….
func write(dir, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
