package quorum

import "slices"

// DecideAdd says whether newcomer may join the member list now. A voter counts at once, but as
// unhealthy: it raises the majority before it can help to reach it, so a cluster of one cannot gain a
// voter this way. It can gain a learner, which changes no majority: the list that votes today has to
// stand, with no other learner in it but those that join along with it. DecidePromote then asks the
// harder question.
func DecideAdd(c Cluster, newcomer Member, along ...string) Verdict {
	if slices.ContainsFunc(c.Members, named(newcomer.Name)) {
		return c.refuse("%s is already a member.", newcomer.Name)
	}
	if newcomer.Learner {
		return Decide(c.besides(newcomer.Zone).WithoutLearners(along...), nobody)
	}
	newcomer.Health = Unhealthy
	c.Members = append(slices.Clone(c.Members), newcomer)
	return Decide(c, named(newcomer.Name))
}

// DecidePromote says whether the learners of those names may get a vote now, one right after the other: the
// list as it would be after each, with the health observed of them. All of them must have caught up, for
// whoever is promoted first counts on the next.
func DecidePromote(c Cluster, names ...string) Verdict {
	c.Members = slices.Clone(c.Members)
	verdicts := make([]Verdict, 0, len(names))
	for n, name := range names {
		i := slices.IndexFunc(c.Members, named(name))
		if i < 0 || !c.Members[i].Learner {
			return c.refuse("%s is no learner of this cluster.", name)
		}
		if c.Members[i].Health != Healthy {
			return c.wait("%s must catch up before it gets a vote.", name)
		}
		c = c.besides(c.Members[i].Zone)
		c.Members[i].Learner = false
		verdicts = append(verdicts, Decide(c.WithoutLearners(names[n+1:]...), nobody))
	}
	return All(verdicts...)
}

// DecideRemove says whether the member of that name may leave the list now. A voter counts as down and
// still voting, which is what it is when the removal was agreed on and the others have not heard of it.
// Of two voters both have to agree, and the one that stays is a majority from then on: both must be
// healthy. A learner leaves no vote behind.
func DecideRemove(c Cluster, name string) Verdict {
	i := slices.IndexFunc(c.Members, named(name))
	if i < 0 {
		return c.refuse("%s is no member of this cluster.", name)
	}
	leaver := c.Members[i]
	if leaver.Learner {
		return Decide(c.besides(leaver.Zone).without(name), nobody)
	}
	if c.voters() == 2 {
		return Decide(c.besides(leaver.Zone), nobody)
	}
	return Decide(c, named(name))
}

// DecideRemoveBoth is [DecideRemove] for two members that leave one right after the other, so that the
// number of voters is even for no longer than that.
func DecideRemoveBoth(c Cluster, first, second string) Verdict {
	return All(DecideRemove(c, first), DecideRemove(c.without(first), second))
}

// WithoutLearners is c as if the learners of those names were not there: they have no vote yet, and what
// is decided is a part of their joining.
func (c Cluster) WithoutLearners(names ...string) Cluster {
	c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(m Member) bool { return m.Learner && slices.Contains(names, m.Name) })
	return c
}

func (c Cluster) without(name string) Cluster {
	c.Members = slices.DeleteFunc(slices.Clone(c.Members), named(name))
	return c
}

func (c Cluster) voters() int {
	n := 0
	for _, m := range c.Members {
		if !m.Learner {
			n++
		}
	}
	return n
}

// besides is c with the work in one zone left out, for a change that is part of that work.
func (c Cluster) besides(zone string) Cluster {
	c.UnderWay = slices.DeleteFunc(slices.Clone(c.UnderWay), func(z string) bool { return z == zone })
	return c
}

func (c Cluster) refuse(format, name string) Verdict { return c.verdict(Refuse, format, name) }

func (c Cluster) wait(format, name string) Verdict { return c.verdict(Wait, format, name) }

func (c Cluster) verdict(a Answer, format, name string) Verdict {
	q := ask(c, nobody)
	return Verdict{Answer: a, Cluster: c.Name, Reason: q.say(format, name), Margin: q.margin}
}

func nobody(Member) bool { return false }

func named(name string) func(Member) bool {
	return func(m Member) bool { return m.Name == name }
}
