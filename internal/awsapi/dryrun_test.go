package awsapi_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
)

// wire keeps the bodies of all requests that leave the process.
type wire struct {
	mu     sync.Mutex
	bodies []string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.bodies = append(w.bodies, string(body))
	w.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return http.DefaultTransport.RoundTrip(r)
}

// openTapped is a site without a guard, whose wire is watched.
func openTapped(t *testing.T) (*site, *wire) {
	t.Helper()
	s, tap := open(t, nil), &wire{}
	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", Calls: &s.calls, HTTP: &http.Client{Transport: tap}})
	if err != nil {
		t.Fatal(err)
	}
	s.Clients = clients
	return s, tap
}

func TestADryRunNeedsNoGuardAndChangesNothing(t *testing.T) {
	s, tap := openTapped(t)
	_, err := s.EC2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"), DryRun: aws.Bool(true)})
	if !awsapi.DryRunPassed(err) {
		t.Errorf("CreateVpc: %v", err)
	}
	if len(tap.bodies) != 1 || !strings.Contains(tap.bodies[0], "DryRun=true") {
		t.Errorf("on the wire: %q", tap.bodies)
	}
	if s.calls.Mutations() != 0 || s.calls.Total() != 1 || s.MutatingCalls() != 0 || s.vpcs(t) != 0 {
		t.Errorf("calls: %v", s.calls.ByOperation())
	}
}

func TestADeniedDryRunNamesTheAction(t *testing.T) {
	s, _ := openTapped(t)
	s.SetIntercept(awssim.OnOperation("ec2", "CreateVpc", awssim.Deny))
	_, err := s.EC2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"), DryRun: aws.Bool(true)})
	if action, denied := awsapi.Denied(err); !denied || action != "ec2:CreateVpc" || awsapi.DryRunPassed(err) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNotQuiteADryRunStaysInside(t *testing.T) {
	s, tap := openTapped(t)
	for _, dry := range []*bool{nil, aws.Bool(false)} {
		if _, err := s.EC2.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: aws.String("vpc-1"), DryRun: dry}); err == nil || !strings.Contains(err.Error(), "for looking only") {
			t.Errorf("DeleteVpc: %v", err)
		}
	}
	if len(tap.bodies) != 0 {
		t.Errorf("on the wire: %q", tap.bodies)
	}
}
