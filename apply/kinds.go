package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// env is what the handlers of all kinds work with.
type env struct {
	clients awsapi.Clients
	cluster string
	// commit goes into the client tokens; see token.go.
	commit string
	// now is the time; nil means time.Now.
	now func() time.Time
}

// rowsFor says for every kind who makes, changes and removes its resources.
func rowsFor(e env) map[topology.Kind]row {
	c := e.clients
	return map[topology.Kind]row{
		topology.KindDHCPOptions:       handled(dhcpOptions{c.EC2, e.cluster}),
		topology.KindVPC:               handled(vpcs{c.EC2, e.cluster}),
		topology.KindVPCCIDR:           handled(vpcCIDRs{c.EC2}),
		topology.KindInternetGateway:   handled(internetGateways{c.EC2, e.cluster}),
		topology.KindEgressOnlyGateway: handled(egressOnlyGateways{c.EC2, e.tokens()}),
		topology.KindSubnet:            handled(subnets{c.EC2, e.cluster}),
		topology.KindElasticIP:         handled(elasticIPs{c.EC2, e.cluster}),
		topology.KindNATGateway:        handled(natGateways{c.EC2, e.tokens()}),
		topology.KindRouteTable:        handled(routeTables{c.EC2, e.tokens()}),
		topology.KindSecurityGroup:     handled(securityGroups{c.EC2, e.cluster}),
		topology.KindSecurityGroupRule: handled(securityGroupRules{c.EC2}),
		topology.KindOIDCProvider:      handled(oidcProviders{c.IAM, e.cluster}),
		topology.KindIAMRole:           handled(iamRoles{c.IAM, e.cluster}),
		topology.KindInstanceProfile:   handled(instanceProfiles{c.IAM, e.cluster}),
		topology.KindKeyPair:           handled(keyPairs{c.EC2, e.cluster}),
		topology.KindVolume:            handled(volumes{c.EC2, e.tokens()}),
		topology.KindQueue:             handled(queues{c.SQS, e.cluster}),
		topology.KindEventRule:         handled(eventRules{c.EventBridge, e.cluster}),
		topology.KindTargetGroup:       handled(targetGroups{c.ELB, e.cluster}),
		topology.KindLoadBalancer:      handled(loadBalancers{c.ELB, e.cluster}),
		topology.KindListener:          handled(listeners{c.ELB}),
		topology.KindClassicELB:        handled(classicELBs{c.ClassicELB, c.AutoScaling, e.cluster}),
		topology.KindDNSRecord:         handled(dnsRecords{c.Route53, c.ELB, c.ClassicELB, e.cluster}),
		topology.KindZoneAssociation:   handled(zoneAssociations{c.Route53, e.cluster, c.EC2.Options().Region}),
		topology.KindLaunchTemplate:    handled(launchTemplates{c.EC2, e.cluster, c.EC2.Options().Region, e.tokens(), autoScalingGroups{c.AutoScaling, e.cluster}}),
		topology.KindAutoScalingGroup:  handled(autoScalingGroups{c.AutoScaling, e.cluster}),
		topology.KindLifecycleHook:     handled(lifecycleHooks{c.AutoScaling}),
		topology.KindScalingPolicy:     handled(scalingPolicies{c.AutoScaling}),
		topology.KindScheduledAction:   handled(scheduledActions{c.AutoScaling}),
		topology.KindAlarm:             handled(alarms{c.CloudWatch, e.cluster}),
	}
}

// A row is a kind's line of [rowsFor]: its [handler] without the type.
type row struct {
	create func(ctx context.Context, want topology.Resource, ids topology.Bindings) (topology.Bindings, error)
	update func(ctx context.Context, change diff.Change, ids topology.Bindings) (topology.Bindings, error)
	remove func(ctx context.Context, have topology.Resource, ids topology.Bindings) error
}

func handled[T topology.Resource](h handler[T]) row {
	return row{
		create: func(ctx context.Context, want topology.Resource, ids topology.Bindings) (topology.Bindings, error) {
			w, err := as[T](want)
			if err != nil {
				return nil, err
			}
			return h.Create(ctx, w, ids)
		},
		update: func(ctx context.Context, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
			have, err := as[T](change.Have)
			if err != nil {
				return nil, err
			}
			want, err := as[T](change.Want)
			if err != nil {
				return nil, err
			}
			return h.Update(ctx, have, want, change, ids)
		},
		remove: func(ctx context.Context, have topology.Resource, ids topology.Bindings) error {
			typed, err := as[T](have)
			if err != nil {
				return err
			}
			return h.Delete(ctx, typed, ids)
		},
	}
}

// as is the one place where an untyped resource meets the type of its row.
func as[T topology.Resource](r topology.Resource) (T, error) {
	typed, ok := r.(T)
	if !ok {
		return typed, fmt.Errorf("the handler of %T was given %T", typed, r)
	}
	return typed, nil
}
