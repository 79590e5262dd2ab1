package etcdmember

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

// asidePrefix begins the names of data folders that no member uses any more. The rest is when that was.
const asidePrefix = dataFolder + ".before-"

func isAside(name string) bool { return strings.HasPrefix(name, asidePrefix) }

// setAside takes the data of a member that was removed out of etcd's way, and deletes nothing: should
// the removal have been a mistake, what it knew is still there. One rename, so that a crash leaves the
// folder either where etcd finds it, and the next start decides again, or out of its way.
func setAside(volume string, now time.Time) error {
	to := filepath.Join(volume, asidePrefix+now.UTC().Format("20060102T150405.000000000Z"))
	if err := os.Rename(filepath.Join(volume, dataFolder), to); err != nil {
		return fmt.Errorf("set the old data aside: %w", err)
	}
	return durable.SyncFolder(volume)
}
