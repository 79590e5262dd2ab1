package actual

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/topology"
)

// observation is one look in progress. The looks of a kind write that kind's raw
// answers and may read those of earlier rounds; the conversions run one after another
// when all looks are done, and fill the rest.
type observation struct {
	clients Clients
	scope   Scope
	shared  map[topology.Kind][]string // ids by kind

	images          imageAnswers
	dhcpOptions     dhcpOptionsAnswers
	vpcs            vpcAnswers
	gateways        internetGatewayAnswers
	egressOnly      egressOnlyGatewayAnswers
	subnets         subnetAnswers
	elasticIPs      elasticIPAnswers
	natGateways     natGatewayAnswers
	routeTables     routeTableAnswers
	securityGroups  securityGroupAnswers
	rules           securityGroupRuleAnswers
	oidcProviders   oidcProviderAnswers
	roles           iamRoleAnswers
	strayRoles      strayRoleAnswers
	profiles        instanceProfileAnswers
	keyPairs        keyPairAnswers
	volumes         volumeAnswers
	queues          queueAnswers
	eventRules      eventRuleAnswers
	targetGroups    targetGroupAnswers
	loadBalancers   loadBalancerAnswers
	listeners       listenerAnswers
	classics        classicELBAnswers
	zone            hostedZoneAnswers
	records         dnsRecordAnswers
	launchTemplates launchTemplateAnswers
	groups          autoScalingGroupAnswers
	hooks           lifecycleHookAnswers
	policies        scalingPolicyAnswers
	schedule        scheduledActionAnswers
	alarms          alarmAnswers
	instances       instanceAnswers
	remains         remainsAnswers

	refs      map[string]topology.Ref // by AWS id or ARN
	resources map[topology.Ref]topology.Resource
	bindings  topology.Bindings
	machines  []topology.Machine
	leftovers []Leftover
	lacking   []Lack
	problems  []error
}

func newObservation(c Clients, s Scope) (*observation, error) {
	o := &observation{
		clients:   c,
		scope:     s,
		shared:    map[topology.Kind][]string{},
		refs:      map[string]topology.Ref{},
		bindings:  topology.Bindings{},
		resources: map[topology.Ref]topology.Resource{},
	}
	for _, ref := range s.Shared {
		if !rows[ref.Kind].canBeShared {
			return nil, fmt.Errorf("observe %s: a resource of this kind cannot be given by id", ref)
		}
		o.shared[ref.Kind] = append(o.shared[ref.Kind], ref.Name)
	}
	return o, nil
}

// add takes a resource into the topology. A second one of the same name is a problem.
func (o *observation) add(id string, r topology.Resource) {
	ref := r.Ref()
	if first, taken := o.bindings[ref]; taken {
		o.problems = append(o.problems, fmt.Errorf("observe %s: both %s and %s have this name and the cluster's tags; "+
			"remove the one that is not in use, or its %s tag", ref, first, id, topology.TagCluster))
		return
	}
	o.bindings[ref] = id
	o.refs[id] = ref
	o.resources[ref] = r
}

// ref resolves an AWS id or ARN that another resource mentions; what is not in the
// topology is given. No id is the zero reference.
func (o *observation) ref(id *string) topology.Ref {
	if id == nil || *id == "" {
		return topology.Ref{}
	}
	if ref, ok := o.refs[*id]; ok {
		return ref
	}
	return topology.Given(*id)
}

// named is [observation.ref] for the kinds that AWS knows by name alone.
func (o *observation) named(kind topology.Kind, name string) topology.Ref {
	ref := topology.Ref{Kind: kind, Name: name}
	if name == "" {
		return topology.Ref{}
	}
	if _, found := o.resources[ref]; found {
		return ref
	}
	return topology.Given(name)
}

// wanted are the names in the scope of one kind.
func (o *observation) wanted(kind topology.Kind) []string {
	var names []string
	for _, ref := range o.scope.Named {
		if ref.Kind == kind {
			names = append(names, ref.Name)
		}
	}
	return names
}

func (o *observation) isShared(kind topology.Kind, id string) bool {
	return slices.Contains(o.shared[kind], id)
}
