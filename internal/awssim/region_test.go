package awssim_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/quorate/quorate/internal/awssim"
)

// world is a region under test: its clock stands still, its ids repeat, and clients talk to it over
// HTTP as they would to AWS.
type world struct {
	*awssim.Region
	clock *awssim.ManualClock
	aws   aws.Config
	ec2   *ec2.Client
}

var start = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, adjust ...func(*awssim.Config)) *world {
	t.Helper()
	clock := awssim.NewManualClock(start)
	cfg := awssim.Config{Clock: clock, Seed: 1, Dir: t.TempDir()}
	for _, f := range adjust {
		f(&cfg)
	}
	r := awssim.New(cfg)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	w := &world{Region: r, clock: clock, aws: aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDSIMULATED", "secret", ""),
		BaseEndpoint: aws.String(server.URL),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions:   []func(*middleware.Stack) error{plainBodies},
	}}
	w.ec2 = ec2.NewFromConfig(w.aws)
	return w
}

// plainBodies hides from the SDK that request bodies can write themselves. smithy-go (1.28.8) closes
// the body as soon as the answer begins; a body that can write itself then fails with EOF if
// net/http still looks for its end, and net/http closes the connection under the answer. The network
// to AWS is never fast enough for that, loopback is.
func plainBodies(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("plainBodies", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		if request, isHTTP := in.Request.(*smithyhttp.Request); isHTTP {
			if body, seeks := request.GetStream().(io.ReadSeeker); seeks {
				plain, err := request.SetStream(struct{ io.ReadSeeker }{body})
				if err != nil {
					return middleware.BuildOutput{}, middleware.Metadata{}, err
				}
				in.Request = plain
			}
		}
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}

// code is the AWS error code of an error, "" for none.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("got error %v, want code %q", err, want)
	}
}

// must unwraps the answer of a call that has to succeed.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// answer is what a call came back with.
type answer[T any] struct {
	value T
	err   error
}

// call wraps a call, to be followed by what it has to come back with.
func call[T any](v T, err error) answer[T] { return answer[T]{v, err} }

// must gives the answer of a call that has to succeed.
func (a answer[T]) must(t *testing.T) T {
	t.Helper()
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.value
}

// refused fails the test unless the call was refused with the code; "" means it succeeded.
func (a answer[T]) refused(t *testing.T, want string) {
	t.Helper()
	wantCode(t, a.err, want)
}

// refusal is a row of a table of calls and what comes of them.
type refusal struct {
	name string
	call func() error
	code string // "" for a call that succeeds
}

func try(t *testing.T, table []refusal) {
	t.Helper()
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			t.Helper()
			wantCode(t, c.call(), c.code)
		})
	}
}

// only keeps the error of a call, for tables.
func only[T any](_ T, err error) error { return err }

func (w *world) vpc(t *testing.T, cidr string) string {
	t.Helper()
	out, err := w.ec2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: &cidr})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Vpc.VpcId
}

func (w *world) subnet(t *testing.T, vpc, cidr, zone string) string {
	t.Helper()
	out, err := w.ec2.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &zone})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Subnet.SubnetId
}

func tagged(kind types.ResourceType, pairs ...string) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: tags(pairs...)}}
}

func tags(pairs ...string) []types.Tag {
	var list []types.Tag
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}

func by(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: &name, Values: values}}
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func isType(want string) func(awssim.Item) bool {
	return func(i awssim.Item) bool { return i.Type == want }
}
