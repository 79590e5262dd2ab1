package quorum

import "slices"

// DecideAdd says whether newcomer may join the member list now. A voter counts at once, but as
// unhealthy: it raises the majority before it can help to reach it, so a cluster of one cannot gain a
// voter this way. It can gain a learner, which changes no majority: the list that votes today has to
// stand, with no other learner in it. DecidePromote then asks the harder question.
func DecideAdd(c Cluster, newcomer Member) Verdict {
	if slices.ContainsFunc(c.Members, named(newcomer.Name)) {
		return c.refuse("%s is already a member.", newcomer.Name)
	}
	if newcomer.Learner {
		return Decide(c.besides(newcomer.Zone), nobody)
	}
	newcomer.Health = Unhealthy
	c.Members = append(slices.Clone(c.Members), newcomer)
	return Decide(c, named(newcomer.Name))
}

// DecidePromote says whether the learner of that name may get a vote now: the list as it would be, with
// the health observed of the learner.
func DecidePromote(c Cluster, name string) Verdict {
	i := slices.IndexFunc(c.Members, named(name))
	if i < 0 || !c.Members[i].Learner {
		return c.refuse("%s is no learner of this cluster.", name)
	}
	c.Members = slices.Clone(c.Members)
	c.Members[i].Learner = false
	return Decide(c.besides(c.Members[i].Zone), nobody)
}

// DecideRemove says whether the member of that name may leave the list now. A voter counts as down and
// still voting, which is what it is when the removal was agreed on and the others have not heard of it.
// A learner leaves no vote behind.
func DecideRemove(c Cluster, name string) Verdict {
	i := slices.IndexFunc(c.Members, named(name))
	if i < 0 {
		return c.refuse("%s is no member of this cluster.", name)
	}
	if leaver := c.Members[i]; leaver.Learner {
		c.Members = slices.Delete(slices.Clone(c.Members), i, i+1)
		return Decide(c.besides(leaver.Zone), nobody)
	}
	return Decide(c, named(name))
}

// besides is c with the work in one zone left out, for a change that is part of that work.
func (c Cluster) besides(zone string) Cluster {
	c.UnderWay = slices.DeleteFunc(slices.Clone(c.UnderWay), func(z string) bool { return z == zone })
	return c
}

func (c Cluster) refuse(format, name string) Verdict {
	q := ask(c, nobody)
	return Verdict{Answer: Refuse, Cluster: c.Name, Reason: q.say(format, name), Margin: q.margin}
}

func nobody(Member) bool { return false }

func named(name string) func(Member) bool {
	return func(m Member) bool { return m.Name == name }
}
