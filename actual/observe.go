package actual

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/quorate/quorate/topology"
)

// Scope says which cluster to look at.
type Scope struct {
	// Cluster is the cluster's DNS name.
	Cluster string
	// Region is the AWS region that the clients talk to.
	Region string
	// Shared are the resources that the manifest gives by id. Their Name is the AWS
	// id: the name for key pairs and instance profiles, the ARN for target groups,
	// and the id of its VPC for an internet gateway.
	Shared []topology.Ref
	// Named are wanted resources that cannot be told from others, or are not looked
	// for, unless the manifest names them: IAM's roles, instance profiles and OIDC
	// providers, Classic load balancers, additional ranges of VPCs, and egress-only
	// internet gateways.
	Named []topology.Ref
	// Images are the names or AMI ids that the manifest uses for machine images.
	Images []string
	// KeptUserData are the launch templates whose newest user data is wanted as found.
	KeptUserData []topology.Ref
	// WrittenIPv6 are the subnets whose IPv6 range the manifest writes out, and not by its
	// place in the block of the VPC.
	WrittenIPv6 []topology.Ref
	// Zone is the hosted zone that the cluster keeps its records in; zero if it
	// keeps none.
	Zone topology.HostedZone
	// Records are those that the manifest wants.
	Records []topology.Ref
	// Ends asks also for what stands in the way of the cluster's end, and for what stays
	// after it; see remains.go.
	Ends bool
}

// State is what AWS has of a cluster at one moment.
type State struct {
	Topology topology.Topology
	// Bindings are the AWS ids behind the topology, and the facts that are no
	// resources: AMI ids, root devices, newest launch template versions, the hosted zone.
	Bindings topology.Bindings
	// Machines is sorted by instance id. Terminated machines are left out.
	Machines []topology.Machine
	// Leftovers carry the cluster's tags, but are nothing that a topology holds.
	Leftovers []Leftover
	// Lacking is what stands in the way of the manifest, and people must mend.
	Lacking []Lack
	// Facts are what the answers tell of the ground that a plan stands on.
	Facts Facts
}

// Facts are numbers and words of AWS's answers that no topology holds, as nobody wants
// them; they tell whether what is wanted can be had.
type Facts struct {
	// Architectures are those of the images, by the names that the manifest uses. An
	// image that AWS does not have is missing.
	Architectures map[string]string
	// FreeAddresses counts the unused IPv4 addresses of each subnet found.
	FreeAddresses map[topology.Ref]int
	// NetworkLoadBalancers counts those of the whole region, whoever's they are.
	NetworkLoadBalancers int
	// Marks are the tags of groups by which the service remembers what it did about them.
	Marks map[topology.Ref]topology.Tags
}

// Lack is something that a manifest relies on and that is never made: it must be there,
// or be free to take. The reason is a sentence with the way out.
type Lack struct {
	Ref    topology.Ref
	Reason string
}

// Leftover is something tagged as the cluster's own that no kind recognises. Nothing
// is ever done about it; people are told.
type Leftover struct {
	Kind topology.Kind
	ID   string
	// Name is the Name tag; it may be empty.
	Name string
	Tags topology.Tags
	// Created is zero where AWS does not tell.
	Created time.Time
	// Reason says why it is not taken for the cluster's resource.
	Reason string
	// InTheWay keeps resources of the cluster from being removed; told if [Scope.Ends].
	InTheWay bool
}

// Observe looks at everything that AWS has of the cluster. Errors of all calls are
// joined, so that a role that lacks five permissions is told all five; they wrap the
// SDK's errors.
func Observe(ctx context.Context, c Clients, s Scope) (State, error) {
	o, err := newObservation(c, s)
	if err != nil {
		return State{}, err
	}
	for round := range rounds {
		if err := o.round(ctx, round); err != nil {
			return State{}, err
		}
	}
	return o.state()
}

// round runs the looks of all kinds that belong to one round side by side.
func (o *observation) round(ctx context.Context, round int) error {
	order := inOrder()
	failures := make([]error, len(order))
	var all sync.WaitGroup
	for i, row := range order {
		if round >= len(row.looks) || row.looks[round] == nil {
			continue
		}
		all.Go(func() {
			if err := row.looks[round](ctx, o); err != nil {
				failures[i] = fmt.Errorf("observe %s: %w", row.what, err)
			}
		})
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("observe %s: %w", o.scope.Cluster, err)
	}
	return errors.Join(failures...)
}

// state turns the answers into values, parents before children.
func (o *observation) state() (State, error) {
	for _, row := range inOrder() {
		if err := row.convert(o); err != nil {
			o.problems = append(o.problems, fmt.Errorf("observe %s: %w", row.what, err))
		}
	}
	if len(o.problems) > 0 {
		return State{}, errors.Join(o.problems...)
	}
	t, err := topology.New(slices.Collect(maps.Values(o.resources))...)
	if err != nil {
		return State{}, fmt.Errorf("what AWS has does not fit together: %w", err)
	}
	return State{Topology: t, Bindings: o.bindings, Machines: o.machines, Leftovers: o.leftovers, Lacking: o.lacking, Facts: o.facts()}, nil
}

// facts are read off the answers when all resources have their names.
func (o *observation) facts() Facts {
	f := Facts{Architectures: map[string]string{}, FreeAddresses: map[topology.Ref]int{}, NetworkLoadBalancers: len(o.loadBalancers.found), Marks: o.marks()}
	for name, image := range o.images.byName {
		f.Architectures[name] = string(image.Architecture)
	}
	for _, s := range o.subnets.found {
		if ref, named := o.refs[aws.ToString(s.SubnetId)]; named && s.CidrBlock != nil {
			f.FreeAddresses[ref] = int(aws.ToInt32(s.AvailableIpAddressCount))
		}
	}
	return f
}
