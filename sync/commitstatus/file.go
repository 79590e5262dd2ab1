package commitstatus

import (
	"crypto/sha256"
	"fmt"
)

// fileName is one per commit and context, so a newer status replaces the older.
func fileName(s Status) string {
	sum := sha256.Sum256([]byte(s.Commit + " " + s.Context))
	return fmt.Sprintf("%x.json", sum[:12])
}
