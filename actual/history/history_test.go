package history

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// region is a simulated one, whose clock stands still between calls. There is no other world to try this in:
// moto 5.2 knows trails and no LookupEvents.
type region struct {
	*awssim.Region
	clock *awssim.ManualClock
	url   string
}

func newRegion(t *testing.T) region {
	t.Helper()
	clock := awssim.NewManualClock(noon)
	sim := awssim.New(awssim.Config{Clock: clock, Seed: 1})
	t.Cleanup(sim.Close)
	url, stop, err := sim.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return region{sim, clock, url}
}

// as are the clients of somebody.
func (r region) as(t *testing.T, key string) awsapi.Clients {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", r.url)
	t.Setenv("AWS_ACCESS_KEY_ID", key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", MaxBackoff: time.Millisecond, Guard: func(context.Context, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

func tagIt(t *testing.T, c awsapi.Clients, id string) error {
	t.Helper()
	_, err := c.EC2.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	return err
}

func TestOthersAreNamedWithWhatTheyDid(t *testing.T) {
	r := newRegion(t)
	r.SetPrincipal("AKIDALICE", "arn:aws:iam::123456789012:user/ops/alice")
	r.SetPrincipal("ASIABOB", "arn:aws:sts::123456789012:assumed-role/Admin/bob@example.com")
	r.SetPrincipal("ASIAOLD", "arn:aws:sts::123456789012:assumed-role/quorate/1699999999")
	r.SetPrincipal("ASIASELF", "arn:aws:sts::123456789012:assumed-role/quorate/1700000000")
	alice, self := r.as(t, "AKIDALICE"), r.as(t, "ASIASELF")
	made, err := alice.EC2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	id := *made.Vpc.VpcId
	for i, c := range []awsapi.Clients{alice, r.as(t, "ASIABOB"), self, r.as(t, "ASIAOLD")} {
		r.clock.Advance(time.Minute)
		if err := tagIt(t, c, id); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := tagIt(t, alice, "vpc-00000000000000000"); err == nil {
		t.Fatal("a VPC that is not there was tagged")
	}
	past := FromClients(self)
	look := func(id string, since time.Time) []Change {
		changes, err := past.Changes(t.Context(), id, since)
		if err != nil {
			t.Fatal(err)
		}
		for i := range changes {
			changes[i].At = changes[i].At.UTC()
		}
		return changes
	}
	if got := look(id, noon); len(got) > 0 {
		t.Errorf("CloudTrail is some minutes late, and told %v", got)
	}
	r.clock.Advance(10 * time.Minute)
	bob := Change{"CreateTags", "assumed-role/Admin/bob@example.com", noon.Add(2 * time.Minute)}
	want := []Change{bob, {"CreateTags", "user/ops/alice", noon.Add(time.Minute)}}
	if d := cmp.Diff(want, look(id, noon)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Change{bob}, look(id, noon.Add(90*time.Second))); d != "" {
		t.Error(d)
	}
	if got := look("vpc-00000000000000000", noon); len(got) > 0 {
		t.Errorf("what AWS refused counts: %v", got)
	}
}

func TestALookChangesNothingAndNeedsNoLeave(t *testing.T) {
	r := newRegion(t)
	clients := r.as(t, "AKIDTEST")
	if awsapi.Mutating("LookupEvents") {
		t.Error("LookupEvents counts as a change")
	}
	if _, err := FromClients(clients).Changes(t.Context(), "vpc-1", noon); err != nil || r.MutatingCalls() > 0 {
		t.Errorf("%d changes, %v", r.MutatingCalls(), err)
	}
	r.SetIntercept(awssim.OnOperation("cloudtrail", "LookupEvents", awssim.Deny))
	_, err := FromClients(clients).Changes(t.Context(), "vpc-1", noon)
	if err == nil {
		t.Fatal("it was denied, and nobody said so")
	}
	if action, denied := awsapi.Denied(err); !denied || action != "cloudtrail:LookupEvents" {
		t.Errorf("%q: %v", action, err)
	}
}

// told answers with events as AWS writes them.
type told []trailtypes.Event

func (e told) LookupEvents(context.Context, *cloudtrail.LookupEventsInput, ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error) {
	return &cloudtrail.LookupEventsOutput{Events: e}, nil
}

func (told) GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{Arn: aws.String("arn:aws:iam::123456789012:user/quorate")}, nil
}

func TestWhoeverItWasIsNamedInOneShortWord(t *testing.T) {
	for name, c := range map[string]struct {
		identity map[string]string
		want     string
	}{
		"a user":            {map[string]string{"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/alice"}, "user/alice"},
		"the root":          {map[string]string{"type": "Root", "arn": "arn:aws:iam::123456789012:root"}, "root"},
		"a service":         {map[string]string{"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}, "autoscaling.amazonaws.com"},
		"nobody with a ARN": {map[string]string{"type": "AWSAccount"}, "named by AWS"},
		"strange letters":   {map[string]string{"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/A/\u202ex\n" + strings.Repeat("y", 300)}, "assumed-role/A/x" + strings.Repeat("y", 112)},
		"in China":          {map[string]string{"type": "IAMUser", "arn": "arn:aws-cn:iam::123456789012:user/alice"}, "user/alice"},
	} {
		text, err := json.Marshal(map[string]any{"userIdentity": c.identity})
		if err != nil {
			t.Fatal(err)
		}
		events := told{
			{EventName: aws.String("GetThing"), ReadOnly: aws.String("true"), CloudTrailEvent: aws.String(string(text))},
			{EventName: aws.String("Broken"), CloudTrailEvent: aws.String("{")},
			{EventName: aws.String("DeleteRoute"), EventTime: &noon, ReadOnly: aws.String("false"), Username: aws.String("named by AWS"), CloudTrailEvent: aws.String(string(text))},
		}
		past := &History{events: events, caller: events}
		got, err := past.Changes(t.Context(), "rtb-1", noon)
		if d := cmp.Diff([]Change{{"DeleteRoute", c.want, noon}}, got); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, d)
		}
	}
}
