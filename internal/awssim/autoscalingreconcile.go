package awssim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// watch looks after a group again and again until it is deleted.
func (w *world) watch(g *scalingGroup) {
	name, arn := g.Name, g.ARN
	w.after(scalingInterval, func(w *world) {
		if g, exists := w.ScalingGroups[name]; exists && g.ARN == arn {
			w.reconcile(g)
			w.watch(g)
		}
	})
}

// reconcile brings a group one look nearer to what it should be: instances move on through their
// lives, sick ones are replaced, and the capacity follows the desired one.
func (w *world) reconcile(g *scalingGroup) {
	for _, i := range slices.Clone(g.Instances) {
		w.advance(g, i)
	}
	if g.Deleting {
		w.windDown(g)
		return
	}
	w.checkHealth(g)
	w.renew(g)
	w.scale(g)
	w.keepWarm(g)
}

// windDown ends a group whose deletion was forced: no draining, no hooks.
func (w *world) windDown(g *scalingGroup) {
	if len(g.Instances) == 0 {
		w.removeScalingGroup(g)
		return
	}
	for _, i := range g.Instances {
		if !i.terminating() {
			w.retire(g, i, "in response to a forced deletion of the group")
		}
		w.end(i)
	}
}

// advance moves one instance on if what it waits for has come.
func (w *world) advance(g *scalingGroup, i *groupInstance) {
	switch i.State {
	case "Pending":
		w.started(g, i)
	case "Stopped", "Running": // in the warm pool
		if machine := w.Instances[i.ID]; machine == nil || !machine.alive() {
			w.leave(g, i)
		}
	case "Pending:Wait":
		w.expire(g, i)
		if i.Abandoned {
			w.retire(g, i, "in response to a lifecycle action that was abandoned")
		} else if len(i.Actions) == 0 {
			w.enterService(g, i)
		}
	case "Terminating":
		w.drained(g, i)
	case "Terminating:Wait":
		w.expire(g, i)
		if len(i.Actions) == 0 {
			i.State = "Terminating:Proceed"
			w.end(i)
		}
	case "Terminating:Proceed":
		w.leaveOnceTerminated(g, i)
	}
}

// started waits for a new instance to run, then asks the hooks.
func (w *world) started(g *scalingGroup, i *groupInstance) {
	machine := w.Instances[i.ID]
	if machine == nil || !machine.alive() {
		w.finish(i.ActivityID, "Failed", fmt.Sprintf("Instance %s became unhealthy while waiting for it to run", i.ID))
		w.leave(g, i)
		return
	}
	if machine.State != "running" {
		return
	}
	if w.beginActions(g, i, launching) {
		i.State = "Pending:Wait"
		w.progress(i.ActivityID, "MidLifecycleAction")
		return
	}
	w.enterService(g, i)
}

// enterService is the end of a launch: in the group's load balancers, or in its warm pool.
func (w *world) enterService(g *scalingGroup, i *groupInstance) {
	w.finish(i.ActivityID, "Successful", "")
	if i.Warm {
		w.rest(g, i)
		return
	}
	i.State, i.InServiceAt = "InService", w.now()
	if g.does("AddToLoadBalancer") {
		for _, arn := range g.TargetARNs {
			w.register(arn, i)
		}
		w.joinClassics(g.Classic, i.ID)
	}
}

// register puts an instance into a target group, if both still are.
func (w *world) register(targetGroupARN string, i *groupInstance) {
	if g, exists := w.TargetGroups[targetGroupARN]; exists && w.checkRegistration(g, targetXML{ID: i.ID}) == nil {
		w.registerTarget(g, targetXML{ID: i.ID})
	}
}

// retire takes an instance out of service for good. It leaves the load balancers first; what it was
// part of the capacity for may be launched at once.
func (w *world) retire(g *scalingGroup, i *groupInstance, because string) *scalingActivity {
	a := w.beginActivity(g, "Terminating EC2 instance: "+i.ID, fmt.Sprintf("At %s an instance was taken out of service %s.",
		w.now().Format(time.RFC3339), because), i.SubnetID, i.Zone)
	i.ActivityID, i.State, i.Actions = a.ID, "Terminating", nil
	i.DrainedAt = w.now()
	machine := w.Instances[i.ID]
	for _, arn := range g.TargetARNs {
		tg, exists := w.TargetGroups[arn]
		if !exists {
			continue
		}
		delay := w.deregister(tg, i.ID, 0)
		// Nothing drains from a machine that does not run.
		if machine != nil && machine.State == "running" && !machine.Impaired {
			i.DrainedAt = maxTime(i.DrainedAt, w.now().Add(delay))
		}
	}
	if delay := w.leaveClassics(g.Classic, i.ID); machine != nil && machine.State == "running" && !machine.Impaired {
		i.DrainedAt = maxTime(i.DrainedAt, w.now().Add(delay))
	}
	if i.DrainedAt.After(w.now()) {
		a.Status = "WaitingForELBConnectionDraining"
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// drained waits until the load balancers have let go, asks the hooks and terminates.
func (w *world) drained(g *scalingGroup, i *groupInstance) {
	if i.Ended {
		w.leaveOnceTerminated(g, i)
		return
	}
	if w.now().Before(i.DrainedAt) {
		return
	}
	if !i.Abandoned && w.beginActions(g, i, terminating) {
		i.State = "Terminating:Wait"
		w.progress(i.ActivityID, "MidLifecycleAction")
		return
	}
	w.end(i)
}

// end terminates the machine itself.
func (w *world) end(i *groupInstance) {
	if i.Ended {
		return
	}
	i.Ended = true
	w.progress(i.ActivityID, "InProgress")
	if machine := w.Instances[i.ID]; machine != nil {
		w.terminate(machine, "Client.UserInitiatedShutdown")
	}
}

func (w *world) leaveOnceTerminated(g *scalingGroup, i *groupInstance) {
	if machine := w.Instances[i.ID]; machine == nil || machine.State == "terminated" {
		w.finish(i.ActivityID, "Successful", "")
		w.leave(g, i)
	}
}

// leave strikes an instance off the group.
func (w *world) leave(g *scalingGroup, gone *groupInstance) {
	g.Instances = slices.DeleteFunc(slices.Clone(g.Instances), func(i *groupInstance) bool { return i == gone })
}

// checkHealth finds the sick among the instances in service and replaces them.
func (w *world) checkHealth(g *scalingGroup) {
	for _, i := range slices.Clone(g.Instances) {
		if i.State != "InService" {
			continue
		}
		because := "in response to a user health-check"
		if g.does("HealthCheck") {
			if found := w.illness(g, i); found != "" {
				i.Health, because = "Unhealthy", found
			}
		}
		if i.Health == "Unhealthy" && g.does("ReplaceUnhealthy") {
			w.retire(g, i, because)
		}
	}
}

// illness says why an instance is to be replaced, in the words of its activity; empty if it is well.
// A machine that is gone needs no second look; otherwise the grace period counts.
func (w *world) illness(g *scalingGroup, i *groupInstance) string {
	machine := w.Instances[i.ID]
	if machine == nil || machine.State != "running" {
		return "in response to an EC2 health check indicating it has been terminated or stopped"
	}
	if !machine.Impaired {
		i.SickSince = time.Time{}
	} else if i.SickSince.IsZero() {
		i.SickSince = w.now()
	}
	if w.now().Sub(i.InServiceAt) < time.Duration(g.Grace)*time.Second {
		return ""
	}
	if machine.Impaired && w.now().Sub(i.SickSince) >= impairedPatience {
		return "in response to an EC2 instance status checks failure"
	}
	if strings.Contains(g.HealthCheck, "ELB") && w.unhealthyTarget(g, i.ID) {
		return "in response to an ELB system health check failure"
	}
	return ""
}

func (w *world) unhealthyTarget(g *scalingGroup, instanceID string) bool {
	for _, arn := range g.TargetARNs {
		tg, exists := w.TargetGroups[arn]
		if !exists {
			continue
		}
		for _, t := range tg.Targets {
			if t.ID == instanceID && t.State == targetUnhealthy {
				return true
			}
		}
	}
	return slices.ContainsFunc(g.Classic, func(name string) bool {
		b := w.Classic[name]
		return b != nil && b.Members[instanceID] != nil && b.Members[instanceID].Known && !b.Members[instanceID].Healthy
	})
}

// renew replaces an instance that has been in service for too long, one at a time.
func (w *world) renew(g *scalingGroup) {
	if g.MaxLifetime == 0 || g.busy() {
		return
	}
	for _, i := range g.Instances {
		if i.State == "InService" && w.now().Sub(i.InServiceAt) >= time.Duration(g.MaxLifetime)*time.Second {
			w.retire(g, i, "in response to it reaching its max instance lifetime")
			return
		}
	}
}

// scale launches or retires what is missing or too much, and evens out zones when nothing is.
func (w *world) scale(g *scalingGroup) {
	have := g.capacity()
	switch {
	case have < g.Desired && g.does("Launch"):
		for ; have < g.Desired; have++ {
			because := fmt.Sprintf("in response to a difference between desired and actual capacity, increasing the capacity from %d to %d", have, have+1)
			if !w.takeFromWarmPool(g, because) && w.addInstance(g, g.Subnets, because) == nil {
				return
			}
		}
	case have > g.Desired && g.does("Terminate"):
		w.shrink(g, have)
	case have == g.Desired && g.does("AZRebalance") && g.does("Launch") && g.does("Terminate"):
		w.rebalance(g)
	}
}

// shrink retires the surplus, but not for the sake of a newcomer that is not in service yet.
func (w *world) shrink(g *scalingGroup, have int) {
	if i := g.instance(g.Rebalancing); i != nil && strings.HasPrefix(i.State, "Pending") {
		have--
	}
	for ; have > g.Desired; have-- {
		i := g.victim(w.zones(g), w.now())
		if i == nil {
			return // all are protected
		}
		w.retire(g, i, fmt.Sprintf("in response to a difference between desired and actual capacity, shrinking the capacity from %d to %d", have, have-1))
	}
}

// rebalance launches an instance where the group has the fewest, if another zone has two more or an
// instance is where the group should not be. The surplus goes once the newcomer is in service.
func (w *world) rebalance(g *scalingGroup) {
	if g.busy() {
		return
	}
	to := g.emptiest(w.zones(g))
	if to == "" {
		return
	}
	subnets := slices.DeleteFunc(slices.Clone(g.Subnets), func(id string) bool { return w.Subnets[id] == nil || w.Subnets[id].Zone != to })
	if i := w.addInstance(g, subnets, "to rebalance instances in the group's Availability Zones"); i != nil {
		g.Rebalancing = i.ID
	}
}
