// Package durable answers one question: how does a file outlive the moment the power fails? Start at
// WriteFile. It imports nothing of ours: the service and the node agent keep what they must not forget with it.
package durable

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Unfinished ends the name of a file that is being written. One that a crash left is overwritten by the next
// write of the same file, and is nothing that anybody should read.
const Unfinished = ".new"

// WriteFile leaves either what the file held or the data, whole, whenever the process or the power fails, and
// the data once it has returned. Only the owner may read it. The folder must be there, and nobody else may
// write the same file at the same time.
func WriteFile(file string, data []byte) error {
	if err := writeSynced(file+Unfinished, data); err != nil {
		return err
	}
	if err := os.Rename(file+Unfinished, file); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(file))
}

// WriteJSON writes a value like WriteFile, in lines that a person can read, and makes the folder if it must.
func WriteJSON(file string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return WriteFile(file, append(data, '\n'))
}

// SyncFolder makes the renames and removals of a folder's files durable.
func SyncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func writeSynced(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
