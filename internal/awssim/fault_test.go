package awssim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
)

func TestFatesOfACall(t *testing.T) {
	for _, c := range []struct {
		name   string
		fate   awssim.Fate
		code   string // of the error; a silent fate has none of AWS's
		exists bool   // afterwards
	}{
		{"a call that proceeds has its effect", awssim.Proceed, "", true},
		{"a throttled call has none", awssim.Throttle, "RequestLimitExceeded", false},
		{"a server error leaves nothing behind", awssim.ServerError, "InternalError", false},
		{"an unavailable service does nothing", awssim.Unavailable, "ServiceUnavailable", false},
		{"a denied call does nothing", awssim.Deny, "UnauthorizedOperation", false},
		{"refused credentials do nothing", awssim.BadKeys, "AuthFailure", false},
		{"a dropped request never happened", awssim.DropRequest, "closed", false},
		{"a lost answer happened all the same", awssim.LoseAnswer, "closed", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.SetIntercept(awssim.NthMutating(1, c.fate))
			_, err := w.ec2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16")})
			if c.code == "closed" {
				if err == nil || !strings.Contains(err.Error(), "EOF") {
					t.Errorf("got %v, want a closed connection", err)
				}
			} else {
				wantCode(t, err, c.code)
			}
			if exists := len(w.Inventory()) > 0; exists != c.exists {
				t.Errorf("exists = %v, want %v", exists, c.exists)
			}
		})
	}
}

func TestDenialNamesTheAction(t *testing.T) {
	w := newWorld(t)
	w.SetIntercept(awssim.OnOperation("ec2", "DescribeVpcs", awssim.Deny))
	_, err := w.ec2.DescribeVpcs(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "not authorized to perform: ec2:DescribeVpcs") {
		t.Errorf("got %v", err)
	}
}

func TestEveryNthCallIsThrottled(t *testing.T) {
	w := newWorld(t)
	w.SetIntercept(awssim.EveryNth(3, awssim.Throttle))
	var codes []string
	for range 6 {
		_, err := w.ec2.DescribeVpcs(t.Context(), nil)
		codes = append(codes, code(err))
	}
	want := []string{"", "", "RequestLimitExceeded", "", "", "RequestLimitExceeded"}
	if !slices.Equal(codes, want) {
		t.Errorf("got %q, want %q", codes, want)
	}
}

func TestCallsAreCountedByOperation(t *testing.T) {
	w := newWorld(t)
	w.vpc(t, "172.20.0.0/16")
	w.vpc(t, "172.21.0.0/16")
	w.ec2.DescribeVpcs(t.Context(), nil)
	want := []awssim.CallCount{{"ec2", "CreateVpc", true, 2}, {"ec2", "DescribeVpcs", false, 1}}
	if diff := cmp.Diff(want, w.Calls()); diff != "" {
		t.Error(diff)
	}
	w.ResetCalls()
	if n := len(w.Calls()); n != 0 || w.MutatingCalls() != 0 {
		t.Errorf("%d operations counted after the reset", n)
	}
}

func TestStaleReadsSeeTheWorldOfAMomentAgo(t *testing.T) {
	w := newWorld(t)
	old := w.vpc(t, "172.20.0.0/16")
	w.SetStaleReads(10 * time.Second)
	young := w.vpc(t, "172.21.0.0/16")
	tag := func(v string) {
		must[*ec2.CreateTagsOutput](t)(w.ec2.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{old}, Tags: tags("v", v)}))
	}
	tag("1")

	if got := w.vpcsSeen(t); !slices.Equal(got, []string{old + "="}) {
		t.Errorf("at once: %v", got)
	}
	w.clock.Advance(9 * time.Second)
	tag("2")
	if got := w.vpcsSeen(t); !slices.Equal(got, []string{old + "="}) {
		t.Errorf("after 9 s: %v", got)
	}
	w.clock.Advance(time.Second)
	want := []string{old + "=1", young + "="}
	slices.Sort(want)
	if got := w.vpcsSeen(t); !slices.Equal(got, want) {
		t.Errorf("after 10 s: %v, want %v", got, want)
	}
	w.SetStaleReads(0)
	want = []string{old + "=2", young + "="}
	slices.Sort(want)
	if got := w.vpcsSeen(t); !slices.Equal(got, want) {
		t.Errorf("with fresh reads: %v, want %v", got, want)
	}
}

// vpcsSeen lists what DescribeVpcs shows as id=value of tag v.
func (w *world) vpcsSeen(t *testing.T) []string {
	t.Helper()
	out := must[*ec2.DescribeVpcsOutput](t)(w.ec2.DescribeVpcs(t.Context(), nil))
	var seen []string
	for _, v := range out.Vpcs {
		s := *v.VpcId + "="
		for _, tag := range v.Tags {
			s += *tag.Value
		}
		seen = append(seen, s)
	}
	slices.Sort(seen)
	return seen
}
