package awssim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// warmPool keeps machines that have booted once ready for a group.
type warmPool struct {
	MinSize     int
	MaxPrepared *int   // nil: the group's maximum
	PoolState   string // Stopped or Running
	Reuse       bool   // instances return to the pool on scale-in
	Deleting    bool
}

type putWarmPoolInput struct {
	AutoScalingGroupName     string
	MinSize                  *int
	MaxGroupPreparedCapacity *int
	PoolState                string
	InstanceReusePolicy      *reusePolicy
}

type reusePolicy struct {
	ReuseOnScaleIn bool
}

func (w *world) putWarmPool(in putWarmPoolInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		p := warmPool{PoolState: "Stopped"}
		if g.WarmPool != nil {
			p = *g.WarmPool
		}
		assign(&p.MinSize, in.MinSize)
		p.PoolState = cmp.Or(in.PoolState, p.PoolState)
		if in.MaxGroupPreparedCapacity != nil {
			p.MaxPrepared = in.MaxGroupPreparedCapacity
		}
		if p.MaxPrepared != nil && *p.MaxPrepared == -1 { // AWS's way to remove it
			p.MaxPrepared = nil
		}
		if in.InstanceReusePolicy != nil {
			p.Reuse = in.InstanceReusePolicy.ReuseOnScaleIn
		}
		if err := p.check(g); err != nil {
			return err
		}
		g.WarmPool = &p
		return nil
	})
}

func (p *warmPool) check(g *scalingGroup) error {
	switch {
	case p.Deleting:
		return invalidScaling("The warm pool of group %s is pending delete", g.Name)
	case g.Mixed != nil:
		return invalidScaling("You can't add a warm pool to an Auto Scaling group that has a mixed instances policy.")
	case p.PoolState != "Stopped" && p.PoolState != "Running":
		return invalidScaling("the simulated region keeps warm pools Stopped or Running, not '%s'", p.PoolState)
	case p.Reuse:
		return invalidScaling("the simulated region does not return instances to warm pools on scale-in")
	case p.MinSize < 0:
		return invalidScaling("MinSize must not be negative")
	case p.MaxPrepared != nil && *p.MaxPrepared < p.MinSize:
		return invalidScaling("MaxGroupPreparedCapacity must be greater than or equal to MinSize")
	}
	return nil
}

// size is how many instances the pool should hold.
func (p *warmPool) size(g *scalingGroup) int {
	if p.Deleting {
		return 0
	}
	prepared := g.Max
	if p.MaxPrepared != nil {
		prepared = *p.MaxPrepared
	}
	return max(p.MinSize, prepared-g.Desired)
}

// warmed lists the pool's instances that are not on their way out.
func (g *scalingGroup) warmed() []*groupInstance {
	return slices.DeleteFunc(slices.Clone(g.Instances), func(i *groupInstance) bool { return !i.Warm || i.terminating() })
}

// keepWarm fills or empties the pool.
func (w *world) keepWarm(g *scalingGroup) {
	if g.WarmPool == nil {
		return
	}
	have := g.warmed()
	for n := len(have); n < g.WarmPool.size(g) && g.does("Launch"); n++ {
		i := w.addInstance(g, g.Subnets, "to fill the group's warm pool")
		if i == nil {
			return
		}
		i.Warm = true
	}
	for n := len(have); n > g.WarmPool.size(g); n-- {
		w.retire(g, have[n-1], "because the group's warm pool is too large")
	}
	if g.WarmPool.Deleting && !slices.ContainsFunc(g.Instances, func(i *groupInstance) bool { return i.Warm }) {
		g.WarmPool = nil
	}
}

// rest is what a warmed instance does when it is ready: stop, or run and wait.
func (w *world) rest(g *scalingGroup, i *groupInstance) {
	i.State = g.WarmPool.PoolState
	if i.State == "Stopped" {
		w.stop(w.Instances[i.ID])
	}
}

// takeFromWarmPool brings a rested instance into the group; false if the pool has none.
func (w *world) takeFromWarmPool(g *scalingGroup, because string) bool {
	for _, i := range g.warmed() {
		if strings.HasPrefix(i.State, "Pending") {
			continue
		}
		i.Warm, i.FromPool = false, true
		a := w.beginActivity(g, "Launching a new EC2 instance from warm pool: "+i.ID, fmt.Sprintf("An instance was started %s.", because), i.SubnetID, i.Zone)
		i.ActivityID, i.State = a.ID, "Pending"
		w.start(w.Instances[i.ID])
		return true
	}
	return false
}

// origin and place are AWS's words in its events for where a machine comes from and where it is.
func (i *groupInstance) origin() string {
	if i.FromPool {
		return "WarmPool"
	}
	return "EC2"
}

func (i *groupInstance) place() string {
	if i.Warm {
		return "WarmPool"
	}
	return "AutoScalingGroup"
}

type describeWarmPoolInput struct {
	AutoScalingGroupName string
	scalingPage
}

type describeWarmPoolOutput struct {
	Configuration *warmPoolXML `xml:"WarmPoolConfiguration"`
	Instances     members[groupInstanceXML]
	NextToken     string `xml:",omitempty"`
}

type warmPoolXML struct {
	MinSize     int
	MaxPrepared *int `xml:"MaxGroupPreparedCapacity"`
	PoolState   string
	Status      string `xml:",omitempty"`
}

func (p *warmPool) xml() *warmPoolXML {
	x := &warmPoolXML{MinSize: p.MinSize, MaxPrepared: p.MaxPrepared, PoolState: p.PoolState}
	if p.Deleting {
		x.Status = "PendingDelete"
	}
	return x
}

func (w *world) describeWarmPool(in describeWarmPoolInput) (describeWarmPoolOutput, error) {
	g, err := w.scalingGroup(in.AutoScalingGroupName)
	if err != nil || g.WarmPool == nil {
		return describeWarmPoolOutput{}, err
	}
	rows := map[string]groupInstanceXML{}
	for _, i := range g.Instances {
		if i.Warm {
			rows[i.ID] = i.xml()
		}
	}
	cut, next, err := scalingList(sortedRows(rows), func(x groupInstanceXML) string { return x.ID }, in.scalingPage)
	return describeWarmPoolOutput{g.WarmPool.xml(), members[groupInstanceXML]{cut}, next}, err
}

type deleteWarmPoolInput struct {
	AutoScalingGroupName string
	ForceDelete          bool
}

// deleteWarmPool empties the pool; it is gone when its instances are.
func (w *world) deleteWarmPool(in deleteWarmPoolInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if g.WarmPool == nil {
			return invalidScaling("No warm pool found for Auto Scaling group %s", g.Name)
		}
		if !in.ForceDelete && slices.ContainsFunc(g.warmed(), func(i *groupInstance) bool { return strings.HasPrefix(i.State, "Pending") }) {
			return refuse("ScalingActivityInProgress", "You cannot delete a warm pool while there are scaling activities in progress for it.")
		}
		g.WarmPool.Deleting = true
		return nil
	})
}
