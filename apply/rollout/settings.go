package rollout

// Count is a number of machines, or a share of a group's in percent.
type Count struct {
	N       int
	Percent bool
}

// up and down round a share the way kops does: a surge up, an unavailability down.
func (c Count) up(of int) int {
	if !c.Percent {
		return c.N
	}
	return (c.N*of + 99) / 100
}

func (c Count) down(of int) int {
	if !c.Percent {
		return c.N
	}
	return c.N * of / 100
}

// Settings is the pace of a group: rollingUpdate of the manifest, with kops's defaults filled in.
type Settings struct {
	// MaxSurge is how many machines may run beyond the group's size meanwhile.
	MaxSurge Count
	// MaxUnavailable is how many may be missing from it.
	MaxUnavailable Count
	// SurgeOnly is drainAndTerminate: false. Machines are detached and nothing more; their owner ends
	// them.
	SurgeOnly bool
}

// pace is what the settings mean for a group of that size. One of the two is at least 1, for otherwise
// nothing could move.
func (s Settings) pace(size int) (surge, unavailable int) {
	surge, unavailable = s.MaxSurge.up(size), s.MaxUnavailable.down(size)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}
