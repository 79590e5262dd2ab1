package awsapi_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
)

func TestEveryRequestIsHeardOfWithWhetherItWasThrottled(t *testing.T) {
	s := open(t, anything)
	var heard []awsapi.Answer
	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", Guard: anything, MaxBackoff: time.Millisecond, OnAnswer: func(a awsapi.Answer) { heard = append(heard, a) }})
	if err != nil {
		t.Fatal(err)
	}
	s.SetIntercept(awssim.NthMutating(1, awssim.Throttle))
	if _, err := clients.EC2.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: aws.String("vpc-1")}); !awsapi.NotFound(err) {
		t.Fatal(err)
	}
	want := []awsapi.Answer{{Service: "EC2", Operation: "DeleteVpc", Throttled: true}, {Service: "EC2", Operation: "DeleteVpc"}}
	if d := cmp.Diff(want, heard); d != "" {
		t.Errorf("heard (-want +got):\n%s", d)
	}
}
