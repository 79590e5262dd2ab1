package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// snapshotAge is the half hour for which the service calls a snapshot fresh, and some minutes from its look
// to its deed.
const snapshotAge = 35 * time.Minute

// leads is for how long nobody led who handed over a moment ago: on a busy computer leadership may come back
// between the last look and the deed.
const leads = 5 * election

// doors says what of the way to its end a machine that serves has not gone through: a fresh snapshot of each
// etcd, no leadership, no clients.
func (d *day) doors(did deed, looks map[string]look) []string {
	machines := d.masters()[did.zone]
	if !strings.HasPrefix(did.operation, "Terminate") || len(machines) != 1 || !serves(looks, memberIn(did.zone)) {
		return nil
	}
	var all []string
	for etcd, l := range looks {
		if l.voters() > 1 && d.witness.led(etcd, memberIn(did.zone)) > leads {
			all = append(all, fmt.Sprintf("%s: the machine leads etcd %s", did, etcd))
		}
		if !slices.ContainsFunc(d.region.Snapshots(), func(s awssim.Snapshot) bool { return d.isFresh(s, etcd) }) {
			all = append(all, fmt.Sprintf("%s: there is no fresh snapshot of etcd %s", did, etcd))
		}
	}
	if d.region.Registered(machines[0].ID) {
		all = append(all, fmt.Sprintf("%s: clients are still sent to the machine", did))
	}
	return all
}

// serves reports whether every member of that name serves.
func serves(looks map[string]look, member string) bool {
	for _, l := range looks {
		if !slices.Contains(l.serving(), member) {
			return false
		}
	}
	return true
}

func (d *day) isFresh(s awssim.Snapshot, etcd string) bool {
	return s.Completed && s.Tags[topology.TagBackup] != "" && s.Tags[topology.TagEtcdPrefix+etcd] != "" &&
		d.clock.Now().Sub(s.Begun) < snapshotAge
}
