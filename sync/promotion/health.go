package promotion

import (
	"time"

	"github.com/quorate/quorate/diff"
)

// record is what is kept of a cluster.
type record struct {
	// Digest is of the manifests that the cluster was last seen to be as, and Commit the one that it was last
	// seen to be as and to work.
	Digest string `json:"digest,omitempty"`
	Commit string `json:"commit,omitempty"`
	// Healthy is since when it has been so, if not for Trouble since Troubled.
	Healthy  time.Time `json:"healthy,omitzero"`
	Trouble  string    `json:"trouble,omitempty"`
	Troubled time.Time `json:"troubled,omitzero"`
	// Busy is the digest of the manifests that were last begun to be carried out; empty once nothing is left to do.
	// Risk is the greatest that a plan had since, and Halted says that it does not get on.
	Busy   string    `json:"busy,omitempty"`
	Risk   diff.Risk `json:"risk,omitempty"`
	Halted bool      `json:"halted,omitempty"`
}

// End is how a pass of a cluster ended.
type End struct {
	Cluster, Digest, Commit string
	// CarriedOut says that nothing is left to be changed, whether it works or not; Converged, that it works, too.
	CarriedOut, Converged bool
	// Halts says that the change does not get on by itself.
	Halts bool
	// Trouble says why the cluster cannot be taken for healthy; empty if it can, as far as the pass could see.
	Trouble string
	// Passing is trouble that comes and goes without anything being wrong: machines that boot, an AWS that
	// does not answer.
	Passing bool
}

// Ended takes in how a pass ended, and returns the clusters that waited and may go on by that.
func (p *Promotion) Ended(end End) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.named(end.Cluster).Digest != end.Digest {
		return nil // it says nothing of what is wanted by now
	}
	before := p.kept[end.Cluster]
	now := before.after(end, time.Now().UTC().Round(0))
	p.keep(end.Cluster, now)
	if now.same(before) {
		return nil
	}
	return p.letGo(end.Cluster)
}

// same reports that no other cluster has a reason to ask again.
func (k record) same(before record) bool {
	return k.Digest == before.Digest && (k.Trouble == "") == (before.Trouble == "") && k.Healthy.Equal(before.Healthy) &&
		(k.Busy == "") == (before.Busy == "") && k.Halted == before.Halted
}

// settleGrace is how long a cluster may settle by itself, such as when it gets another machine, without its
// health beginning anew: twice the time that kops allows a machine to boot.
const settleGrace = 30 * time.Minute

// after is what is known of the cluster when a pass has ended.
func (k record) after(end End, now time.Time) record {
	if end.CarriedOut {
		if k.Digest != end.Digest {
			k.Healthy = time.Time{} // it has not been so with this
		}
		k.Digest, k.Busy, k.Risk = end.Digest, "", diff.RiskNothing
	}
	k.Halted = k.Busy != "" && end.Halts
	why := end.Trouble
	if k.Digest != end.Digest && !k.Halted {
		why = "" // it is on its way there, which is no trouble
	}
	if why != "" && k.Trouble == "" {
		k.Troubled = now
	}
	lasted := !k.Troubled.IsZero() && now.Sub(k.Troubled) > settleGrace
	if lasted || why != "" && !end.Passing {
		k.Healthy = time.Time{}
	}
	k.Trouble = why
	if why == "" {
		k.Troubled = time.Time{}
	}
	if end.Converged {
		k.Commit = end.Commit
		if k.Healthy.IsZero() {
			k.Healthy = now
		}
	}
	return k
}
