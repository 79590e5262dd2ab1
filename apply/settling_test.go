package apply

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/quorate/quorate/topology"
)

func TestWhatAnErrorOfAWSMeansToAVerb(t *testing.T) {
	code := func(code, message string) error {
		return fmt.Errorf("operation error: %w", &smithy.GenericAPIError{Code: code, Message: message})
	}
	kind := func(err error) string {
		_, waits := errors.AsType[*WaitError](err)
		switch {
		case err == nil:
			return "done"
		case waits:
			return "waits"
		}
		return "fails"
	}
	for _, c := range []struct {
		name              string
		err               error
		settling, removed string
	}{
		{"no error", nil, "done", "done"},
		{"it is not there", code("InvalidSubnetID.NotFound", ""), "waits", "done"},
		{"a NAT gateway is not there", code("NatGatewayNotFound", ""), "waits", "done"},
		{"something still uses it", code("DependencyViolation", ""), "waits", "waits"},
		{"we may not", code("UnauthorizedOperation", ""), "fails", "fails"},
		{"it waits already", &WaitError{Reason: "so"}, "waits", "waits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := kind(settling(c.err, "reason")); got != c.settling {
				t.Errorf("making %s, want %s", got, c.settling)
			}
			if got := kind(removed(c.err, "reason")); got != c.removed {
				t.Errorf("removing %s, want %s", got, c.removed)
			}
		})
	}
}

func TestAutoScalingThatLagsBehindIsToldFromARealRefusal(t *testing.T) {
	for message, want := range map[string]bool{
		"You must use a valid fully-formed launch template. Value (masters.ha.example.com) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name": true,
		"You must use a valid fully-formed launch template. The specified launch template, with template ID lt-1, does not exist.":                                              true,
		"Max bound, 1, must be greater than or equal to min bound, 2":                                                                                                           false,
	} {
		if got := lagging(&smithy.GenericAPIError{Code: "ValidationError", Message: message}); got != want {
			t.Errorf("%q: lagging = %v", message, got)
		}
	}
	if lagging(&smithy.GenericAPIError{Code: "AccessDenied", Message: "the instance profile"}) {
		t.Error("a denial was taken for lag")
	}
}

func TestMissingIDIsWaitedFor(t *testing.T) {
	_, err := idOf(topology.Bindings{}, aVPC().Ref())
	if _, waits := errors.AsType[*WaitError](err); !waits {
		t.Errorf("got %v", err)
	}
	if id, err := idOf(nil, topology.Given("vpc-1")); id != "vpc-1" || err != nil {
		t.Errorf("got %q, %v", id, err)
	}
}
