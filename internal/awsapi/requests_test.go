package awsapi_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/quorate/quorate/internal/awsapi"
)

func TestMutatingRequestsAreCollectedWithTheIDsThatAWSGaveThem(t *testing.T) {
	s := open(t, anything)
	var requests awsapi.Requests
	ctx := awsapi.Collect(t.Context(), &requests)
	if err := s.createVPC(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EC2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: aws.String("vpc-none")}); err == nil {
		t.Fatal("a VPC that is not there was deleted")
	}
	if _, err := s.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}); err != nil {
		t.Fatal(err)
	}
	got, count := requests.All()
	if count != 3 || len(got) != 3 {
		t.Fatalf("collected %+v, of %d", got, count)
	}
	for i, want := range []awsapi.Request{{Operation: "CreateVpc"}, {Operation: "DeleteVpc", Failed: true}, {Operation: "CreateRole"}} {
		if got[i].Operation != want.Operation || got[i].Failed != want.Failed || got[i].ID == "" {
			t.Errorf("request %d is %+v, want %+v with an id", i, got[i], want)
		}
	}
}

func TestCollectedRequestsAreBounded(t *testing.T) {
	s := open(t, anything)
	var requests awsapi.Requests
	ctx := awsapi.Collect(t.Context(), &requests)
	const sent = 20
	for range sent {
		_, _ = s.EC2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: aws.String("vpc-none")}) // refused, and sent
	}
	if got, count := requests.All(); len(got) != 16 || count != sent {
		t.Errorf("%d kept of %d, want 16 of %d", len(got), count, sent)
	}
}
