package demo

import "time"

// Summary is what the story showed.
type Summary struct {
	Held     bool             `json:"held"` // everything below is as it must be
	Problems []string         `json:"problems"`
	Seconds  float64          `json:"seconds"` // wall time
	Clusters []ClusterSummary `json:"clusters"`
}

// ClusterSummary is the end of the story for one cluster.
type ClusterSummary struct {
	Name      string        `json:"name"`
	Converged bool          `json:"converged"`
	Resources int           `json:"resources"`
	Etcd      []EtcdSummary `json:"etcd"`
	// Rolled lists the control-plane zones in the order in which they were taken out.
	Rolled []string     `json:"rolled"`
	Writes WriteSummary `json:"writes"`
	Drift  DriftSummary `json:"drift"`
	Calls  int          `json:"awsCalls"`
	// FinalChanges is the number of changes that a last look found; it must be 0.
	FinalChanges int `json:"finalChanges"`
}

// EtcdSummary is one etcd cluster at the end, and at its worst.
type EtcdSummary struct {
	Name    string `json:"name"`
	Members int    `json:"members"`
	Healthy int    `json:"healthy"`
	// SmallestHealthy is the fewest members ever seen healthy at once, from the
	// moment all were up.
	SmallestHealthy int `json:"smallestHealthy"`
}

// WriteSummary tells how the client fared that kept writing to etcd main.
type WriteSummary struct {
	Attempted int `json:"attempted"`
	Failed    int `json:"failed"`
	// Lost are writes that were acknowledged and not found afterwards.
	Lost         int     `json:"lost"`
	LongestStall float64 `json:"longestStallSeconds"`
}

// DriftSummary counts the changes made by hand.
type DriftSummary struct {
	Found     int      `json:"found"`
	Corrected int      `json:"corrected"`
	Refs      []string `json:"refs"`
}

// judge lists everything that is not as it must be.
func (s *Summary) judge(began time.Time) {
	s.Seconds = time.Since(began).Round(time.Millisecond).Seconds()
	for _, c := range s.Clusters {
		s.Problems = append(s.Problems, c.problems()...)
	}
	if s.Problems == nil {
		s.Problems = []string{}
	}
	s.Held = len(s.Problems) == 0 && len(s.Clusters) > 0
}

func (c ClusterSummary) problems() []string {
	var found []string
	must := func(ok bool, sentence string) {
		if !ok {
			found = append(found, c.Name+": "+sentence)
		}
	}
	must(c.Converged, "it did not converge")
	must(c.FinalChanges == 0, "the last look found changes")
	must(c.Writes.Attempted > 0, "the client wrote nothing")
	must(c.Writes.Failed == 0, "writes failed")
	must(c.Writes.Lost == 0, "acknowledged writes were lost")
	must(len(c.Rolled) == 3, "not every zone was rolled exactly once")
	must(c.Drift.Found > 0 && c.Drift.Found == c.Drift.Corrected, "drift was not found, or not corrected")
	for _, e := range c.Etcd {
		must(e.Healthy == e.Members, "etcd "+e.Name+" is not whole at the end")
		must(e.SmallestHealthy*2 > e.Members, "etcd "+e.Name+" was without a majority")
	}
	return found
}
