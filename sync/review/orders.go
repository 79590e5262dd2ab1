package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/durable"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/topology"
)

// Orders are what people said in comments that holds beyond the moment: pauses, rolls and approvals. They
// lie in one file of the service, since they are about when and not about what: what a cluster is stands in
// Git alone. It may be used from several goroutines.
type Orders struct {
	file string

	mu  sync.Mutex
	all ordered
}

type ordered struct {
	Pauses    map[string]Pause                `json:"pauses"`
	Rolls     map[string]map[string]time.Time `json:"rolls"` // cluster → group → from when
	Approvals []Approval                      `json:"approvals"`
	// Open are the pull requests that are followed, so that none is closed unheard while no service runs.
	Open map[int]host.PullRequest `json:"open,omitempty"`
}

// Pause keeps a cluster as it is.
type Pause struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	Pull   int       `json:"pull"`
	At     time.Time `json:"at"`
}

// Approval is somebody's word for what a pull request makes of one cluster. It is bound to the manifests by
// their digest, so that it counts for the very same after a merge, in whatever way that is done, and for
// nothing else.
type Approval struct {
	Cluster  string `json:"cluster"`
	Manifest string `json:"manifest"` // desired.Cluster.Digest
	Pull     int    `json:"pull"`
	Head     string `json:"head"` // commit that was looked at
	// Plan is the digest of the plan that whoever approved had before their eyes; empty if they may have seen
	// only files. AWS may have moved since.
	Plan   string    `json:"plan,omitempty"`
	Author string    `json:"author"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	// Comment is the number of the comment that said so; zero if it was a review in the host's own way.
	Comment int64 `json:"comment,omitempty"`
}

// maxApprovals are kept, the newest.
const maxApprovals = 5000

// OpenOrders reads the file, which need not be there yet. A file that cannot be read is an error: a pause
// must not be forgotten.
func OpenOrders(file string) (*Orders, error) {
	o := &Orders{file: file, all: ordered{Pauses: map[string]Pause{}, Rolls: map[string]map[string]time.Time{}}}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &o.all)
	}
	if err != nil {
		return nil, fmt.Errorf("orders of people: %w", err)
	}
	return o, nil
}

// Obey is the cluster with what people ordered: paused if its manifest does not say so itself, and rolled
// once from the moments that were ordered on.
func (o *Orders) Obey(c desired.Cluster) desired.Cluster {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p, paused := o.all.Pauses[c.Name]; paused && c.Policy.Paused == "" {
		c.Policy.Paused = fmt.Sprintf("%s (%s, on pull request %d)", p.Reason, p.By, p.Pull)
	}
	if rolls := o.all.Rolls[c.Name]; len(rolls) > 0 {
		c.Rolling = maps.Clone(c.Rolling)
		for group, at := range rolls {
			if ref, ok := groupOf(c, group); ok {
				limits := c.Rolling[ref]
				limits.RollAt = slices.SortedFunc(slices.Values(append(slices.Clone(limits.RollAt), at)), time.Time.Compare)
				c.Rolling[ref] = limits
			}
		}
	}
	return c
}

// groupOf finds an instance group by its name in the manifest.
func groupOf(c desired.Cluster, name string) (topology.Ref, bool) {
	for _, group := range topology.Of[topology.AutoScalingGroup](c.Topology) {
		if short, ours := strings.CutSuffix(group.Ref().Name, "."+c.Name); ours && (short == name || short == name+".masters") {
			return group.Ref(), true
		}
	}
	return topology.Ref{}, false
}

// Approvals are those for what a cluster's manifests say now, by digest. Who gave them might write then; whether
// they still may, once the pull request is closed, is for the caller to ask.
func (o *Orders) Approvals(cluster, manifest string) []Approval {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.all.Approvals), func(a Approval) bool { return a.Cluster != cluster || a.Manifest != manifest })
}

func (o *Orders) pause(cluster string, p Pause) error {
	return o.change(func(all *ordered) { all.Pauses[cluster] = p })
}

func (o *Orders) paused(cluster string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, paused := o.all.Pauses[cluster]
	return paused
}

// resume ends a pause.
func (o *Orders) resume(cluster string) error {
	return o.change(func(all *ordered) { delete(all.Pauses, cluster) })
}

func (o *Orders) roll(cluster, group string, from time.Time) error {
	return o.change(func(all *ordered) {
		if all.Rolls[cluster] == nil {
			all.Rolls[cluster] = map[string]time.Time{}
		}
		if from.After(all.Rolls[cluster][group]) {
			all.Rolls[cluster][group] = from
		}
	})
}

// approve keeps the newest word of each person for the same manifests. A word that is known is not written again.
func (o *Orders) approve(a Approval) error {
	a.At = a.At.UTC().Round(0) // as it is read back
	o.mu.Lock()
	known := slices.Contains(o.all.Approvals, a)
	o.mu.Unlock()
	if known {
		return nil
	}
	return o.change(func(all *ordered) {
		all.Approvals = slices.DeleteFunc(all.Approvals, func(b Approval) bool {
			return b.Cluster == a.Cluster && b.Manifest == a.Manifest && strings.EqualFold(b.By, a.By)
		})
		all.Approvals = append(all.Approvals, a)
		all.Approvals = all.Approvals[max(0, len(all.Approvals)-maxApprovals):]
	})
}

// of are the approvals that were given on a pull request.
func (o *Orders) of(pull int) []Approval {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.all.Approvals), func(a Approval) bool { return a.Pull != pull })
}

// withdraw takes an approval back.
func (o *Orders) withdraw(gone Approval) error {
	return o.change(func(all *ordered) {
		all.Approvals = slices.DeleteFunc(all.Approvals, func(a Approval) bool { return a == gone })
	})
}

// change is durable when it returns: a crash leaves the old orders or the new.
func (o *Orders) change(what func(*ordered)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	what(&o.all)
	if err := durable.WriteJSON(o.file, o.all); err != nil {
		return fmt.Errorf("orders of people: %w", err)
	}
	return nil
}
