package preflight

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// place is a machine type in a zone.
type place struct{ typ, zone string }

// checkPlaces asks which zones there are and what they offer. That a zone does not exist is said once,
// and not again for each type that is not offered there.
func checkPlaces(ctx context.Context, c Clients, in Input, f *Findings) error {
	users, moves := zoneUsers(in), movedGroups(in)
	if len(users) == 0 && len(moves) == 0 {
		return nil
	}
	var zones map[string]ec2types.AvailabilityZone
	var offered map[place]bool
	var zonesErr, offeredErr error
	var both sync.WaitGroup
	both.Go(func() { zones, zonesErr = knownZones(ctx, c.EC2) })
	both.Go(func() { offered, offeredErr = offers(ctx, c.EC2, in, moves) })
	both.Wait()
	if zonesErr == nil {
		judgeZones(users, zones, in.Region, f)
	}
	if offeredErr == nil {
		judgeOffers(in, moves, zones, offered, f)
	}
	return errors.Join(zonesErr, offeredErr)
}

// zoneUsers are the first resource of each zone that something is to be made in.
func zoneUsers(in Input) map[string]topology.Ref {
	users := map[string]topology.Ref{}
	use := func(c Change, zones ...string) {
		for _, zone := range zones {
			if _, taken := users[zone]; !taken && c.creates() && c.Want.Owner() == topology.Owned {
				users[zone] = c.Ref
			}
		}
	}
	for _, c := range changesOf[topology.Subnet](in) {
		use(c.Change, c.want.Zone)
	}
	for _, c := range changesOf[topology.Volume](in) {
		use(c.Change, c.want.Zone)
	}
	for _, c := range changesOf[topology.AutoScalingGroup](in) {
		use(c.Change, c.want.Zones...)
	}
	return users
}

func knownZones(ctx context.Context, api EC2) (map[string]ec2types.AvailabilityZone, error) {
	out, err := api.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{AllAvailabilityZones: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	zones := map[string]ec2types.AvailabilityZone{}
	for _, z := range out.AvailabilityZones {
		zones[aws.ToString(z.ZoneName)] = z
	}
	return zones, nil
}

// judgeZones refuses zones that no time brings; that a zone is down is for time to mend.
func judgeZones(users map[string]topology.Ref, zones map[string]ec2types.AvailabilityZone, region string, f *Findings) {
	for _, name := range slices.Sorted(maps.Keys(users)) {
		zone, exists := zones[name]
		switch {
		case !exists:
			f.problem(users[name], "there is no zone %s in %s; use %s", name, region, strings.Join(openZones(zones), ", "))
		case zone.OptInStatus == ec2types.AvailabilityZoneOptInStatusNotOptedIn:
			f.problem(users[name], "zone %s is not switched on for this account; opt in to %s in the EC2 console, or use %s", name, aws.ToString(zone.GroupName), strings.Join(openZones(zones), ", "))
		case zone.State != ec2types.AvailabilityZoneStateAvailable && zone.State != ec2types.AvailabilityZoneStateInformation:
			f.warn("zone %s is %s at the moment, so that what belongs there may have to wait", name, zone.State)
		}
	}
}

// openZones are those that anybody can use now.
func openZones(zones map[string]ec2types.AvailabilityZone) []string {
	var open []string
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		z := zones[name]
		if z.State == ec2types.AvailabilityZoneStateAvailable && z.OptInStatus != ec2types.AvailabilityZoneOptInStatusNotOptedIn {
			open = append(open, name)
		}
	}
	return open
}

// movedGroups are the groups whose machines come to types or zones that they did not have.
func movedGroups(in Input) []topology.AutoScalingGroup {
	retyped := map[topology.Ref]bool{}
	for _, c := range changesOf[topology.LaunchTemplate](in) {
		retyped[c.Ref] = !c.removes() && c.has("instanceType")
	}
	moves := map[topology.Ref]topology.AutoScalingGroup{}
	for _, c := range changesOf[topology.AutoScalingGroup](in) {
		if !c.removes() && (c.has("mixed") || c.has("subnets")) {
			moves[c.Ref] = c.want
		}
	}
	for ref, r := range in.Want.All() {
		if g, ok := r.(topology.AutoScalingGroup); ok && retyped[g.LaunchTemplate] {
			moves[ref] = g
		}
	}
	return slices.SortedFunc(maps.Values(moves), func(a, b topology.AutoScalingGroup) int { return strings.Compare(a.Name, b.Name) })
}

// offers asks where the types of the groups are offered; one question for all.
func offers(ctx context.Context, api EC2, in Input, groups []topology.AutoScalingGroup) (map[place]bool, error) {
	types, zones := map[string]bool{}, map[string]bool{}
	for _, g := range groups {
		template, _ := templateOf(in, g)
		for _, t := range typesOf(g, template) {
			types[t] = true
		}
		for _, z := range g.Zones {
			zones[z] = true
		}
	}
	if len(types) == 0 {
		return nil, nil
	}
	pages := ec2.NewDescribeInstanceTypeOfferingsPaginator(api, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: ec2types.LocationTypeAvailabilityZone,
		Filters:      []ec2types.Filter{filter("instance-type", types), filter("location", zones)},
	})
	offered := map[place]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.InstanceTypeOfferings {
			offered[place{string(o.InstanceType), aws.ToString(o.Location)}] = true
		}
	}
	return offered, nil
}

func filter(name string, values map[string]bool) ec2types.Filter {
	return ec2types.Filter{Name: aws.String(name), Values: slices.Sorted(maps.Keys(values))}
}

// judgeOffers asks one type of every group in each of its zones: AWS launches those of a mixed group
// that it can have, but people should know which it cannot.
func judgeOffers(in Input, groups []topology.AutoScalingGroup, zones map[string]ec2types.AvailabilityZone, offered map[place]bool, f *Findings) {
	for _, g := range groups {
		template, found := templateOf(in, g)
		types := typesOf(g, template)
		if !found || len(types) == 0 {
			continue
		}
		for _, zone := range g.Zones {
			if _, exists := zones[zone]; !exists && zones != nil {
				continue
			}
			missing := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return offered[place{t, zone}] })
			switch names := strings.Join(missing, ", "); {
			case len(missing) == len(types) && len(types) == 1:
				f.problem(g.Ref(), "AWS does not offer %s in zone %s%s; choose another machineType, or other subnets", names, zone, elsewhere(missing, g, offered))
			case len(missing) == len(types):
				f.problem(g.Ref(), "AWS offers none of %s in zone %s; add a type that it does, or choose other subnets", names, zone)
			case len(missing) > 0:
				f.warn("AWS does not offer %s in zone %s, so that machines of %s there are of the other types", names, zone, g.Name)
			}
		}
	}
}

// elsewhere names the zones of the group that have the type.
func elsewhere(types []string, g topology.AutoScalingGroup, offered map[place]bool) string {
	var have []string
	for _, zone := range g.Zones {
		if offered[place{types[0], zone}] {
			have = append(have, zone)
		}
	}
	if len(have) == 0 {
		return ""
	}
	return " (but in " + strings.Join(have, ", ") + ")"
}
