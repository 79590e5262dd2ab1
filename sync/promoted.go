package sync

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// readPromoted reads what an earlier process kept of the clusters; it returns an empty map rather than none.
func readPromoted(file string) (map[string]promoted, error) {
	kept := map[string]promoted{}
	if file == "" {
		return kept, nil
	}
	data, err := os.ReadFile(file) //nolint:gosec // the file is named by the operator, not by the repository
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		return map[string]promoted{}, fmt.Errorf("read what is known of the clusters: %w", err)
	}
	return kept, nil
}

// writePromoted replaces the file as a whole, so that a crash leaves the old one or the new one.
func writePromoted(file string, kept map[string]promoted) error {
	if file == "" {
		return nil
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new-promoted-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), file)
}
