package order

import (
	"slices"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// ending orders the end of a cluster. Its machines go before everything else, workers
// first, for as long as the control plane runs its controllers may make things anew; what
// is put on the groups goes before them, or a lifecycle hook would hold their machines.
// The etcd volumes go when nothing else is left: until then nothing is lost that could not
// be made again.
func ending(changes []diff.Change) []Step {
	var attached, workers, control, others, volumes []diff.Change
	for _, c := range changes {
		switch {
		case c.Effect == diff.Retire:
			volumes = append(volumes, c)
		case OnMachines(c.Have) && c.Ref.Kind != topology.KindAutoScalingGroup:
			attached = append(attached, c)
		case c.Ref.Kind != topology.KindAutoScalingGroup:
			others = append(others, c)
		case roleOf(c) == topology.ControlPlane:
			control = append(control, c)
		default:
			workers = append(workers, c)
		}
	}
	steps := removing(attached, nil, "nothing is drained any more, for the cluster ends")
	steps = append(steps, behind(workers, steps, "the cluster ends, and the workers first")...)
	steps = append(steps, behind(control, steps, "the cluster ends, and etcd with it: no quorum has to stand")...)
	steps = append(steps, removing(others, steps, "the machines must be gone first")...)
	return append(steps, behind(volumes, steps, "etcd's data goes last, and a snapshot of it stays")...)
}

// OnMachines reports whether a resource is an Auto Scaling group or is put on one: what
// goes before the machines when a cluster ends.
func OnMachines(r topology.Resource) bool {
	return r.Ref().Kind == topology.KindAutoScalingGroup ||
		slices.ContainsFunc(r.Needs(), func(ref topology.Ref) bool { return ref.Kind == topology.KindAutoScalingGroup })
}
