package checkup

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// etcd-manager takes a backup every 15 minutes unless the manifest says otherwise.
const (
	backupLate = 2 * time.Hour
	backupLost = 24 * time.Hour
)

// backups asks how much would be lost: the age of the newest copy of each etcd cluster, be it a backup of
// etcd-manager or a snapshot of a volume.
func backups(f Facts) []Finding {
	var found []Finding
	for _, c := range f.Copies {
		found = append(found, backup(c, f.At))
	}
	return found
}

func backup(c Copies, now time.Time) Finding {
	newest, what := c.Backup.Value, "backup in "+c.Store
	if c.Snapshot.Value.After(newest) {
		newest, what = c.Snapshot.Value, "snapshot of a volume"
	}
	age := now.Sub(newest)
	text := fmt.Sprintf("the newest copy is %s old: a %s", span(age), what)
	action := "see the log of etcd-manager on the leader's machine: it writes backups"
	var open string
	for _, fact := range []Fact[time.Time]{c.Backup, c.Snapshot} {
		if !fact.Known() {
			open = fact.Unknown
		}
	}
	switch {
	case !newest.IsZero() && age < backupLate:
		return Finding{Severity: OK, Subject: c.Etcd, Message: text}
	case open != "": // something newer may be where nobody could look
		return unknown(c.Etcd, "how old the newest copy is: "+open, "let quorate list "+c.Store+", or leave the check out (--without backups)")
	case newest.IsZero():
		return failure(c.Etcd, "there is no backup in "+c.Store+", and no snapshot of a volume", action)
	case age >= backupLost:
		return failure(c.Etcd, text, action)
	}
	return warning(c.Etcd, text, action)
}

// NewestBackup reads the time of the newest complete backup of etcd-manager out of the keys of its store:
// TIME-SEQUENCE/etcd.backup.gz, with _etcd_backup.meta written last. It is zero if there is none.
func NewestBackup(keys []string) time.Time {
	parts := map[string]int{}
	for _, key := range keys {
		folder, file := path.Split(key)
		if file == "etcd.backup.gz" || file == "_etcd_backup.meta" {
			parts[path.Base(folder)]++
		}
	}
	var newest time.Time
	for folder, n := range parts {
		at := strings.LastIndexByte(folder, '-')
		if n < 2 || at < 0 {
			continue
		}
		if taken, err := time.Parse(time.RFC3339, folder[:at]); err == nil && taken.After(newest) {
			newest = taken
		}
	}
	return newest
}
