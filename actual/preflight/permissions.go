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
	"github.com/aws/smithy-go"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// question is one dry run: that of the first change that needs the call.
type question struct {
	probe
	change Change
	needed int // how many changes need it
}

// checkPermissions asks once for every sort of call that the plan would make.
func checkPermissions(ctx context.Context, c Clients, in Input, f *Findings) error {
	questions := questionsOf(in.Changes)
	denials, failures := make([]string, len(questions)), make([]error, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { denials[i], failures[i] = q.put(ctx, c.EC2, in.Have.Bindings) })
	}
	all.Wait()
	for i, action := range denials {
		if q := questions[i]; action != "" {
			f.problem(q.change.Ref, "AWS denied %s in a dry run, and %d %s it; give the role that quorate uses permission for it", action, q.needed, changesNeed(q.needed))
		}
	}
	return errors.Join(failures...)
}

func changesNeed(n int) string {
	if n == 1 {
		return "change needs"
	}
	return "changes need"
}

// questionsOf are sorted by operation.
func questionsOf(changes []Change) []question {
	asked := map[string]*question{}
	for _, c := range changes {
		for _, p := range probesOf(c) {
			if asked[p.operation] == nil {
				asked[p.operation] = &question{probe: p, change: c}
			}
			asked[p.operation].needed++
		}
	}
	var list []question
	for _, operation := range slices.Sorted(maps.Keys(asked)) {
		list = append(list, *asked[operation])
	}
	return list
}

// probesOf are the calls that apply would make for a change of something of the cluster's own, or to tag
// something shared.
func probesOf(c Change) []probe {
	calls, isEC2 := repertoires[c.Ref.Kind]
	if rule, ok := c.either().(topology.SecurityGroupRule); ok && rule.Direction == topology.Egress {
		calls = egressRules
	}
	switch {
	case !isEC2:
		return nil
	case c.creates() && c.Want.Owner() == topology.Owned:
		return calls.create
	case c.removes():
		return calls.remove
	}
	var list []probe
	for _, path := range slices.Sorted(maps.Keys(calls.update)) {
		if c.has(path) {
			list = append(list, calls.update[path]...)
		}
	}
	return append(list, tagProbes(c)...)
}

// tagProbes are the calls that set tags and take them away. Key pairs are tagged by an id that nobody
// has asked for.
func tagProbes(c Change) []probe {
	var set, unset bool
	for _, path := range c.Fields {
		key, isTag := strings.CutPrefix(path, "tags[")
		_, wanted := c.Want.Labels()[strings.TrimSuffix(key, "]")]
		set, unset = set || isTag && wanted, unset || isTag && !wanted
	}
	var list []probe
	if set && c.Ref.Kind != topology.KindKeyPair {
		list = append(list, createTags)
	}
	if unset && c.Ref.Kind != topology.KindKeyPair {
		list = append(list, deleteTags)
	}
	return list
}

var createTags = asking("CreateTags", EC2.CreateTags, func(s *stage, r topology.Resource) *ec2.CreateTagsInput {
	return &ec2.CreateTagsInput{DryRun: dry, Resources: []string{*s.id(r.Ref())}, Tags: ec2Tags(r.Labels())}
})

var deleteTags = asking("DeleteTags", EC2.DeleteTags, func(s *stage, r topology.Resource) *ec2.DeleteTagsInput {
	return &ec2.DeleteTagsInput{DryRun: dry, Resources: []string{*s.id(r.Ref())}, Tags: []ec2types.Tag{{Key: aws.String("unwanted")}}}
})

// egressRules are what [repertoires] says of rules for the other direction.
var egressRules = repertoire{create: []probe{authorizeEgress}, remove: []probe{revokeEgress}}

var (
	authorizeIngress = asking("AuthorizeSecurityGroupIngress", EC2.AuthorizeSecurityGroupIngress, func(s *stage, r topology.SecurityGroupRule) *ec2.AuthorizeSecurityGroupIngressInput {
		return &ec2.AuthorizeSecurityGroupIngressInput{DryRun: dry, GroupId: s.id(r.Group), IpPermissions: anyTraffic}
	})
	authorizeEgress = asking("AuthorizeSecurityGroupEgress", EC2.AuthorizeSecurityGroupEgress, func(s *stage, r topology.SecurityGroupRule) *ec2.AuthorizeSecurityGroupEgressInput {
		return &ec2.AuthorizeSecurityGroupEgressInput{DryRun: dry, GroupId: s.id(r.Group), IpPermissions: anyTraffic}
	})
	revokeIngress = asking("RevokeSecurityGroupIngress", EC2.RevokeSecurityGroupIngress, func(s *stage, r topology.SecurityGroupRule) *ec2.RevokeSecurityGroupIngressInput {
		return &ec2.RevokeSecurityGroupIngressInput{DryRun: dry, GroupId: s.id(r.Group), SecurityGroupRuleIds: []string{*s.id(r.Ref())}}
	})
	revokeEgress = asking("RevokeSecurityGroupEgress", EC2.RevokeSecurityGroupEgress, func(s *stage, r topology.SecurityGroupRule) *ec2.RevokeSecurityGroupEgressInput {
		return &ec2.RevokeSecurityGroupEgressInput{DryRun: dry, GroupId: s.id(r.Group), SecurityGroupRuleIds: []string{*s.id(r.Ref())}}
	})
)

// anyTraffic stands for every rule: permissions do not depend on ports.
var anyTraffic = []ec2types.IpPermission{{
	IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("192.0.2.1/32")}},
}}

// put asks AWS. The answer is the action that it denied, or empty.
func (q question) put(ctx context.Context, api EC2, ids topology.Bindings) (denied string, err error) {
	on := &stage{ids: ids}
	err = q.ask(ctx, api, on, q.change.either())
	if action, is := awsapi.Denied(err); is {
		return action, nil
	}
	if err == nil || awsapi.DryRunPassed(err) || on.stoodIn && refused(err) {
		return "", nil
	}
	return "", err
}

// refused reports that AWS got as far as looking for what a stand-in plays, and so past the permission.
func refused(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorFault() != smithy.FaultServer && !awsapi.Throttled(err) && !awsapi.BadCredentials(err)
}
