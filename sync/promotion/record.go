package promotion

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/quorate/quorate/internal/durable"
)

// readRecords reads what an earlier process kept of the clusters; it returns an empty map rather than none.
func readRecords(file string) (map[string]record, error) {
	kept := map[string]record{}
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
		return map[string]record{}, fmt.Errorf("read what is known of the clusters: %w", err)
	}
	return kept, nil
}

func writeRecords(file string, kept map[string]record) error {
	if file == "" {
		return nil
	}
	return durable.WriteJSON(file, kept)
}
