package topology_test

import (
	"testing"

	"github.com/quorate/quorate/topology"
)

func TestQueuePolicyGainsAndLosesItsAccount(t *testing.T) {
	q := topology.Queue{Name: "ha-nth", Policy: `{"Resource":"arn:aws:sqs:us-east-1::ha-nth"}`}
	const filled = `{"Resource":"arn:aws:sqs:us-east-1:123456789012:ha-nth"}`
	if got := q.PolicyIn("123456789012"); got != filled {
		t.Errorf("with the account: %s", got)
	}
	if got := topology.PolicyWithoutAccount(filled, q.Name, "123456789012"); got != q.Policy {
		t.Errorf("without the account: %s", got)
	}
}

func TestAccountIsReadFromAnARN(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sqs:us-east-1:123456789012:nth":               "123456789012",
		"arn:aws-cn:events:cn-north-1:210987654321:rule/a:b":   "210987654321",
		"arn:aws:iam::aws:policy/AdministratorAccess":          "aws",
		"https://sqs.us-east-1.amazonaws.com/123456789012/nth": "",
	} {
		if got := topology.AccountOf(arn); got != want {
			t.Errorf("AccountOf(%q) = %q, want %q", arn, got, want)
		}
	}
}

func TestEqualPatternsAreTheSameText(t *testing.T) {
	got, err := topology.CanonicalPattern("{\"source\": [\"aws.ec2\"],\n \"detail-type\":[\"b\"]}\n")
	if want := `{"detail-type":["b"],"source":["aws.ec2"]}`; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := topology.CanonicalPattern("source"); err == nil {
		t.Error("text that is no JSON was taken for a pattern")
	}
}
