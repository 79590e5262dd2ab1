package quorum

// judge answers the question of Decide a second time, slowly and in another way: where Decide counts
// against half, the judge goes through every coalition of voters and asks whether it outnumbers the
// rest. It shares no code with the package and reads nothing but the fields of Cluster.
func judge(c Cluster, out []bool) Answer {
	for i := range c.Members {
		switch c.Members[i].Health {
		case Healthy, Unhealthy:
		default:
			return Wait
		}
	}
	for i := range c.Members {
		if c.Members[i].Learner {
			return Wait
		}
	}
	touched := map[string]bool{}
	for i, m := range c.Members {
		if out[i] {
			touched[m.Zone] = true
		}
	}
	for _, z := range c.UnderWay {
		if !touched[z] {
			return Wait
		}
	}
	if len(touched) > 1 {
		return Refuse
	}
	return judgeVotes(c.Members, out)
}

// judgeVotes looks for a coalition that stays and outnumbers everybody else, and for one that also is
// healthy.
func judgeVotes(voters []Member, out []bool) Answer {
	possible, certain := false, false
	for coalition := range 1 << len(voters) {
		inside, outside, stays, healthy := 0, 0, true, true
		for i, m := range voters {
			if coalition&(1<<i) == 0 {
				outside++
				continue
			}
			inside++
			stays = stays && !out[i]
			healthy = healthy && m.Health == Healthy
		}
		if inside > outside && stays {
			possible = true
			certain = certain || healthy
		}
	}
	switch {
	case certain:
		return Proceed
	case possible:
		return Wait
	}
	return Refuse
}

// outnumbers pairs every voter who is certainly up with one who is not, and says whether somebody who is
// up is left over.
func outnumbers(c Cluster, up func(i int) bool) bool {
	balance := 0
	for i, m := range c.Members {
		switch {
		case m.Learner:
		case up(i):
			balance++
		default:
			balance--
		}
	}
	return balance > 0
}
