package preflight

import (
	"context"
	"sync"

	"github.com/quorate/quorate/topology"
)

// arrival is machines that a change brings.
type arrival struct {
	group    topology.AutoScalingGroup
	template topology.LaunchTemplate
	count    int
}

// arrivals are the machines that come without any others going: those of new groups, and those that a
// raised minimum asks for.
func arrivals(in Input) []arrival {
	var list []arrival
	for _, c := range changesOf[topology.AutoScalingGroup](in) {
		if c.removes() || c.want.Min <= c.have.Min {
			continue
		}
		template, _ := templateOf(in, c.want)
		list = append(list, arrival{c.want, template, c.want.Min - c.have.Min})
	}
	return list
}

func templateOf(in Input, g topology.AutoScalingGroup) (topology.LaunchTemplate, bool) {
	r, found := in.Want.Get(g.LaunchTemplate)
	template, ok := r.(topology.LaunchTemplate)
	return template, found && ok
}

// typesOf are the machine types that AWS may choose among for a group; empty if it chooses by
// requirements.
func typesOf(g topology.AutoScalingGroup, t topology.LaunchTemplate) []string {
	if len(g.Mixed.Overrides) == 0 {
		return []string{t.InstanceType}
	}
	var names []string
	for _, o := range g.Mixed.Overrides {
		if o.InstanceType != "" {
			names = append(names, o.InstanceType)
		}
	}
	return names
}

// onceFor asks once for all who want to know.
func onceFor[T any](ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	var once sync.Once
	var answer T
	var err error
	return func(ctx context.Context) (T, error) {
		once.Do(func() { answer, err = ask(ctx) })
		return answer, err
	}
}
