package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"github.com/quorate/quorate/topology"
)

// MarkApplied writes on groups, in one call and not for their machines, which manifests are applied to their
// end; see [topology.TagApplied]. Writing it again is harmless.
func (a *Applier) MarkApplied(ctx context.Context, groups []topology.Ref, value string) error {
	var in autoscaling.CreateOrUpdateTagsInput
	for _, g := range groups {
		in.Tags = append(in.Tags, markTags(g.Name, topology.Tags{topology.TagApplied: value})...)
	}
	if _, err := a.mender.asg.CreateOrUpdateTags(ctx, &in); err != nil {
		return fmt.Errorf("tag %d groups with %s: %w", len(groups), aws.ToString(in.Tags[0].Key), err)
	}
	return nil
}
