package awssim

import (
	"fmt"
	"strconv"
	"time"
)

// noCapacity is EC2's refusal when a zone has no room for an instance type.
const noCapacity = "InsufficientInstanceCapacity"

// elsewhere are the refusals after which another subnet may do.
var elsewhere = map[string]bool{noCapacity: true, "InsufficientFreeAddressesInSubnet": true, "InvalidSubnetID.NotFound": true}

// launchKind is one way to launch: an instance type (empty: the template's) and a market.
type launchKind struct {
	Type     string
	Template *templateChoice // overrides that of the group
	Spot     bool
	MaxPrice string
}

// addInstance launches an instance into the best of the given subnets that has room. Every refusal
// is a failed activity and gives its subnet a rest; nil says that nothing was launched.
func (w *world) addInstance(g *scalingGroup, subnets []string, because string) *groupInstance {
	zoneOf := func(id string) string {
		if s, exists := w.Subnets[id]; exists {
			return s.Zone
		}
		return ""
	}
	for _, id := range g.bySpace(subnets, zoneOf) {
		if w.now().Before(g.RetryAt[id]) {
			continue
		}
		var refused *apiError
		for _, kind := range w.launchKinds(g) {
			i, err := w.launchInto(g, id, kind)
			if err == nil {
				w.join(g, i, because)
				return i
			}
			refused = asAPIError(err)
			if !elsewhere[refused.Code] {
				break
			}
		}
		w.launchFailed(g, id, zoneOf(id), because, refused)
		if !elsewhere[refused.Code] {
			break
		}
	}
	return nil
}

func (w *world) launchInto(g *scalingGroup, subnetID string, kind launchKind) (*groupInstance, error) {
	request, err := w.launchRequest(g, subnetID, kind)
	if err != nil {
		return nil, err
	}
	machine, err := w.launch(request)
	if err != nil {
		return nil, err
	}
	return &groupInstance{
		ID: machine.ID, Zone: machine.Zone, SubnetID: subnetID, Type: machine.Type, Launched: w.now(),
		Template:  templateChoice{request.Template.ID, request.Template.Name, strconv.Itoa(request.Version)},
		State:     "Pending",
		Health:    "Healthy",
		Protected: g.Protected,
		Spot:      kind.Spot,
	}, nil
}

// launchRequest resolves the group's template now: $Latest may be another version than yesterday.
func (w *world) launchRequest(g *scalingGroup, subnetID string, kind launchKind) (launchRequest, error) {
	choice := g.Template
	if kind.Template != nil {
		choice = *kind.Template
	}
	t, err := w.launchTemplate(choice.ID, "")
	if err != nil {
		return launchRequest{}, err
	}
	v, err := t.version(choice.Version)
	if err != nil {
		return launchRequest{}, err
	}
	data := clone(v.Data)
	if kind.Type != "" {
		data.InstanceType = kind.Type
	}
	if kind.Spot {
		data.MarketOptions = &marketOptions{MarketType: "spot", SpotOptions: &spotOptions{MaxPrice: kind.MaxPrice}}
	}
	return launchRequest{
		Data: data, SubnetID: subnetID, Template: t, Version: v.Number,
		Tags: append(w.propagated(g), tag{"aws:autoscaling:groupName", g.Name}),
	}, nil
}

// join enters a launched instance into the group.
func (w *world) join(g *scalingGroup, i *groupInstance, because string) {
	a := w.beginActivity(g, "Launching a new EC2 instance: "+i.ID,
		fmt.Sprintf("At %s an instance was started %s.", w.now().Format(time.RFC3339), because), i.SubnetID, i.Zone)
	i.ActivityID = a.ID
	g.Instances = append(g.Instances, i)
}

// launchFailed records a refusal. A reason that holds everywhere gives the whole group a rest.
func (w *world) launchFailed(g *scalingGroup, subnetID, zone, because string, refused *apiError) {
	a := w.beginActivity(g, "Launching a new EC2 instance.  Status Reason: "+refused.Message+" Launching EC2 instance failed.",
		fmt.Sprintf("At %s an instance was started %s.", w.now().Format(time.RFC3339), because), subnetID, zone)
	w.finish(a.ID, "Failed", refused.Message+" Launching EC2 instance failed.")
	resting := []string{subnetID}
	if !elsewhere[refused.Code] {
		resting = g.Subnets
	}
	for _, id := range resting {
		g.RetryAt[id] = w.now().Add(scalingRetryDelay)
	}
}
