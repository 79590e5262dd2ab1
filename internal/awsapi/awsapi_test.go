package awsapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
)

// site is a region behind HTTP, with clients that point at it.
type site struct {
	*awssim.Region
	awsapi.Clients
	calls awsapi.Calls
}

func open(t *testing.T, guard awsapi.Guard) *site {
	t.Helper()
	s := &site{Region: awssim.New(awssim.Config{})}
	url, stop, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for key, value := range map[string]string{"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_CA_BUNDLE": ""} {
		t.Setenv(key, value)
	}
	s.Clients, err = awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", Guard: guard, Calls: &s.calls, MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func anything(context.Context, string) error { return nil }

func (s *site) createVPC(ctx context.Context) error {
	_, err := s.EC2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16")})
	return err
}

func (s *site) vpcs(t *testing.T) int {
	t.Helper()
	out, err := s.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Vpcs)
}

func TestClientsWithoutAGuardOnlyLook(t *testing.T) {
	s := open(t, nil)
	if err := s.createVPC(t.Context()); err == nil || !strings.Contains(err.Error(), "for looking only") {
		t.Errorf("CreateVpc without a guard: %v", err)
	}
	if s.vpcs(t) != 0 || s.MutatingCalls() != 0 {
		t.Error("a mutating call left the process")
	}
}

func TestTheGuardIsAskedBeforeEveryMutatingCall(t *testing.T) {
	var asked []string
	lost := errors.New("the lease is lost")
	s := open(t, func(_ context.Context, operation string) error {
		asked = append(asked, operation)
		return lost
	})
	if err := s.createVPC(t.Context()); !errors.Is(err, lost) {
		t.Errorf("CreateVpc: %v", err)
	}
	if s.vpcs(t) != 0 || len(asked) != 1 || asked[0] != "CreateVpc" {
		t.Errorf("the guard was asked about %v", asked)
	}
}

func TestALostAnswerIsNeverSentAgain(t *testing.T) {
	for name, fate := range map[string]awssim.Fate{"after the effect": awssim.LoseAnswer, "a server error": awssim.ServerError} {
		t.Run(name, func(t *testing.T) {
			s := open(t, anything)
			s.SetIntercept(awssim.OnOperation("ec2", "CreateVpc", fate))
			err := s.createVPC(t.Context())
			if !awsapi.LostAnswer(err) {
				t.Errorf("CreateVpc: %v", err)
			}
			if n := s.calls.ByOperation()["CreateVpc"]; n != 1 {
				t.Errorf("CreateVpc was sent %d times", n)
			}
		})
	}
}

func TestAThrottledCallIsSentAgain(t *testing.T) {
	s := open(t, anything)
	s.SetIntercept(awssim.NthMutating(1, awssim.Throttle))
	if err := s.createVPC(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.vpcs(t) != 1 || s.calls.ByOperation()["CreateVpc"] != 2 || s.calls.Mutations() != 2 || s.calls.Total() != 3 {
		t.Errorf("calls: %v", s.calls.ByOperation())
	}
}

func TestErrorsForPeople(t *testing.T) {
	cases := []struct {
		name string
		fate awssim.Fate
		want string
	}{
		{"a denied call names the action", awssim.Deny, "AWS denied ec2:CreateVpc"},
		{"refused credentials are said to be that", awssim.BadKeys, "AWS does not accept the credentials: AuthFailure"},
		{"throttling is said to be that", awssim.Throttle, "AWS is throttling our calls: RequestLimitExceeded"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t, anything)
			s.SetIntercept(awssim.OnOperation("ec2", "CreateVpc", tc.fate))
			if got := awsapi.Explain(s.createVPC(t.Context())); !strings.HasPrefix(got, tc.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestMissingCredentialsAreSaidToBeThat(t *testing.T) {
	s := open(t, anything)
	for key, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "",
		"AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none", "AWS_CONFIG_FILE": t.TempDir() + "/none",
	} {
		t.Setenv(key, value)
	}
	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s.Clients = clients
	_, err = s.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	if !awsapi.BadCredentials(err) || !strings.HasPrefix(awsapi.Explain(err), "no AWS credentials were found: set AWS_PROFILE") {
		t.Errorf("DescribeVpcs: %v: %s", err, awsapi.Explain(err))
	}
}

// many asks several questions side by side, as a look at AWS does.
func (s *site) many(ctx context.Context) error {
	var failures []error
	for range 3 {
		_, err := s.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		failures = append(failures, fmt.Errorf("observe VPCs: %w", err))
		_, err = s.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
		failures = append(failures, fmt.Errorf("observe subnets: %w", err))
	}
	return fmt.Errorf("observe: %w", errors.Join(failures...))
}

func TestWhatManyCallsMetIsSaidOnceAndTheGravestFirst(t *testing.T) {
	cases := []struct {
		name    string
		subnets awssim.Fate
		want    string
	}{
		{"both are denied", awssim.Deny, "AWS denied ec2:DescribeSubnets, ec2:DescribeVpcs: give the role that quorate uses permission for it"},
		{"one is throttled", awssim.Throttle, "AWS denied ec2:DescribeVpcs: give the role that quorate uses permission for it (and 1 more)"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t, anything)
			s.SetIntercept(awssim.FirstOf(awssim.OnOperation("ec2", "DescribeVpcs", awssim.Deny), awssim.OnOperation("ec2", "DescribeSubnets", tc.subnets)))
			if got := awsapi.Explain(s.many(t.Context())); got != tc.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestALostAnswerSaysWhatMayHaveHappened(t *testing.T) {
	for fate, want := range map[awssim.Fate]string{
		awssim.LoseAnswer:  "CreateVpc may or may not have happened, the next pass looks: AWS cannot be reached: ",
		awssim.ServerError: "CreateVpc may or may not have happened, the next pass looks: InternalError: An internal error has occurred",
	} {
		s := open(t, anything)
		s.SetIntercept(awssim.OnOperation("ec2", "CreateVpc", fate))
		if got := awsapi.Explain(s.createVPC(t.Context())); !strings.HasPrefix(got, want) {
			t.Errorf("got %q", got)
		}
	}
}

func TestARefusalKeepsWhatWasWrappedAroundIt(t *testing.T) {
	s := open(t, anything)
	_, err := s.EC2.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: aws.String("vpc-0123456789abcdef0"), CidrBlock: aws.String("172.20.0.0/24")})
	got := awsapi.Explain(fmt.Errorf("the first of them: %w", err))
	if want := "the first of them: AWS refused CreateSubnet: InvalidVpcID.NotFound: "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestAnUnreachableAWSIsOneShortSentence(t *testing.T) {
	s := open(t, anything)
	s.SetIntercept(func(awssim.Call) awssim.Fate { return awssim.DropRequest })
	got := awsapi.Explain(s.many(t.Context()))
	if !strings.HasPrefix(got, "AWS cannot be reached: ") || strings.Contains(got, "\n") || strings.Contains(got, "more)") {
		t.Errorf("got %q", got)
	}
}

func TestErrorClasses(t *testing.T) {
	s := open(t, anything)
	ctx := t.Context()
	_, err := s.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0123456789abcdef0"}})
	if !awsapi.NotFound(err) {
		t.Errorf("an unknown VPC: %v", err)
	}
	_, err = s.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("nobody")})
	if !awsapi.NotFound(err) {
		t.Errorf("an unknown role: %v", err)
	}
	role := &iam.CreateRoleInput{RoleName: aws.String("masters"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`)}
	if _, err = s.IAM.CreateRole(ctx, role); err != nil {
		t.Fatal(err)
	}
	if _, err = s.IAM.CreateRole(ctx, role); !awsapi.AlreadyExists(err) {
		t.Errorf("a role made twice: %v", err)
	}
	if err := s.createVPC(ctx); err != nil {
		t.Fatal(err)
	}
	vpcs, err := s.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	if err != nil {
		t.Fatal(err)
	}
	id := vpcs.Vpcs[0].VpcId
	if _, err := s.EC2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: id, CidrBlock: aws.String("172.20.0.0/24")}); err != nil {
		t.Fatal(err)
	}
	if _, err = s.EC2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: id}); !awsapi.Busy(err) {
		t.Errorf("a VPC with a subnet: %v", err)
	}
}
