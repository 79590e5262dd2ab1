package checkup

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
)

// etcd asks every cluster of members: do all of them vote, agree on a leader, and keep up; and is there room.
func etcd(f Facts) []Finding {
	if !f.Control.Known() {
		return []Finding{unknown("", "how the members are: "+f.Control.Unknown, "")}
	}
	var found []Finding
	for _, r := range f.Control.Value.Standing.Etcd {
		ill := members(r)
		found = append(found, ill...)
		found = append(found, room(r)...)
		if len(ill) == 0 {
			found = append(found, steady(r)...)
		}
	}
	return found
}

// members are findings about each that is not a healthy voter.
func members(r health.Report) []Finding {
	var found []Finding
	for _, m := range r.Members {
		subject, reason := r.Name+"/"+m.Name, cmp.Or(r.Reasons[m.Name], "nothing more is known")
		switch {
		case m.Health == quorum.Unknown:
			found = append(found, unknown(subject, reason, "make the members reachable from here (--proxy), or ask again in a moment"))
		case m.Health == quorum.Unhealthy:
			found = append(found, failure(subject, "the member is unhealthy: "+reason, "quorate explain says who mends it"))
		case m.Learner:
			found = append(found, warning(subject, "it is a learner and has no vote yet", "it gets one when it has caught up"))
		}
	}
	if len(found) == 0 && r.Leader == "" {
		found = append(found, failure(r.Name, "no leader that a majority agrees on", "ask again in a moment; an election takes seconds"))
	}
	return found
}

// steady says how many more may fail where all are well.
func steady(r health.Report) []Finding {
	margin := quorum.Decide(r.Cluster, func(quorum.Member) bool { return false }).Margin
	spare := margin.HealthyNow - margin.Majority
	text := fmt.Sprintf("%d of %d members vote and are healthy, %s leads; %d more may fail", margin.HealthyNow, margin.Voters, r.Leader, spare)
	switch {
	case margin.Voters == 1:
		return []Finding{warning(r.Name, "it has one member, "+r.Leader+", which is healthy: none may fail", "three masters in three zones survive the loss of one")}
	case margin.Voters%2 == 0:
		return []Finding{warning(r.Name, text+", as with one member fewer", "an odd number of members is what etcd is made for")}
	}
	return []Finding{{Severity: OK, Subject: r.Name, Message: text}}
}

// defaultQuota is etcd's, which members older than 3.6 do not tell.
const defaultQuota = 2 << 30

// room compares the databases with the size at which etcd takes no more writes.
func room(r health.Report) []Finding {
	var found []Finding
	for _, member := range slices.Sorted(maps.Keys(r.Sizes)) {
		s := r.Sizes[member]
		quota := cmp.Or(s.Quota, defaultQuota)
		used := float64(s.File) / float64(quota)
		subject, text := r.Name+"/"+member, fmt.Sprintf("its database takes %s of %s (%.0f%%)", size(s.File), size(quota), used*100)
		action := "delete what fills it; at the quota etcd raises NOSPACE and takes no more writes"
		if s.InUse*2 < s.File {
			action = fmt.Sprintf("defragment it: %s are in use", size(s.InUse))
		}
		switch {
		case used >= 0.95:
			found = append(found, failure(subject, text, action))
		case used >= 0.8:
			found = append(found, warning(subject, text, action))
		}
	}
	return found
}

func size(bytes int64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}
