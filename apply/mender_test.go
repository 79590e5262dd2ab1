package apply

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply/repair"
)

// startedAgain is a machine that was dead when it was looked at, and is not any more.
type startedAgain struct {
	brokenReader
	state    ec2types.InstanceStateName
	detached int
}

func (s *startedAgain) DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return &ec2.DescribeInstancesOutput{Reservations: []ec2types.Reservation{{Instances: []ec2types.Instance{{State: &ec2types.InstanceState{Name: s.state}}}}}}, nil
}

func (s *startedAgain) DetachVolume(context.Context, *ec2.DetachVolumeInput, ...func(*ec2.Options)) (*ec2.DetachVolumeOutput, error) {
	s.detached++
	return nil, nil
}

func TestAMachineIsAskedAgainBeforeItLosesAVolume(t *testing.T) {
	for _, c := range []struct {
		state ec2types.InstanceStateName
		verb  repair.Verb
		want  int
	}{
		{"running", repair.Detach, 0}, {"running", repair.ForceDetach, 0}, {"pending", repair.ForceDetach, 0},
		{"shutting-down", repair.ForceDetach, 0}, {"shutting-down", repair.Detach, 1},
		{"terminated", repair.ForceDetach, 1}, {"stopped", repair.ForceDetach, 1},
	} {
		machine := &startedAgain{state: c.state}
		err := mender{ec2: machine}.release(t.Context(), repair.Advice{Verb: c.verb, Volume: "vol-1", Machine: "i-1"}, time.Now())
		if machine.detached != c.want || (err == nil) != (c.want == 1) {
			t.Errorf("%s from a machine that is %s: detached %d times, want %d (%v)", c.verb, c.state, machine.detached, c.want, err)
		}
	}
}
