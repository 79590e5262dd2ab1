package checkup

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/actual/vitals"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A Fact is a value, or the reason why nobody knows it.
type Fact[T any] struct {
	Value   T
	Unknown string
}

// Known reports whether there is a value.
func (f Fact[T]) Known() bool { return f.Unknown == "" }

// Facts are all that [Judge] goes by.
type Facts struct {
	Cluster desired.Cluster
	At      time.Time
	// State is what AWS has, and Plan what it takes to make the manifest of it.
	State   actual.State
	Plan    diff.Plan
	Control Fact[Control]
	Groups  Fact[[]vitals.Group]
	// Kubernetes is unknown without access.
	Kubernetes Fact[Kubernetes]
	// Copies are of the etcd clusters, sorted by name.
	Copies []Copies
	// Serving are what the API servers show, sorted by group.
	Serving []Serving
	// Authority are the certificates that may sign for API servers.
	Authority Fact[[]*x509.Certificate]
}

// Control is the control plane, and what is wrong with any group and being mended.
type Control struct {
	Standing apply.Standing
	Advice   []repair.Advice
}

// Kubernetes is what the cluster's own API says.
type Kubernetes struct {
	// Nodes are by EC2 instance id.
	Nodes  map[string]kube.Node
	System kube.System
}

// Copies tell when the data of an etcd cluster was last copied.
type Copies struct {
	Etcd string
	// Store is the URL where etcd-manager keeps backups.
	Store string
	// Backup and Snapshot are when the newest complete one was taken; zero if there is none.
	Backup, Snapshot Fact[time.Time]
}

// Serving is the certificate of one API server.
type Serving struct {
	Group       topology.Ref
	Machine     string
	Certificate Fact[*x509.Certificate]
}

// name is what people call a group: without the kind in front.
func name(ref topology.Ref) string { return ref.Name }

// span is a length of time as people say it, in at most two units.
func span(d time.Duration) string {
	d = d.Abs()
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}

// count is "1 machine", "2 machines".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
