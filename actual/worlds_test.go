package actual_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/mototest"
)

// image exists in both worlds.
const image = "099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251001"

// inBothWorlds runs a test against the simulated region and against moto, which were
// written by different people.
func inBothWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("simulator", func(t *testing.T) { test(t, simulator(t)) })
	t.Run("moto", func(t *testing.T) { test(t, moto(t)) })
}

// simulator is a simulated region whose clock stands still.
func simulator(t *testing.T) *world {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))
	region := awssim.New(awssim.Config{Clock: clock, Seed: 1})
	url, stop, err := region.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w := newWorld(t, url, 1)
	w.region, w.settle = region, func() { clock.Advance(10 * time.Minute) }
	return w
}

var motoServer = mototest.Server{Images: []string{image}}

func TestMain(m *testing.M) {
	defer motoServer.Stop()
	m.Run()
}

func moto(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, motoServer.URL(t), motoAttempts)
	w.CloudWatch = cloudwatch.New(w.CloudWatch.Options(), func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto (5.2) knows only the former one
	})
	return w
}

// motoAttempts rides out that moto's web server now and then closes a connection too
// early.
const motoAttempts = 3

func newWorld(t *testing.T, url string, attempts int) *world {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	w := &world{calls: &awsapi.Calls{}, t: t, settle: func() {}}
	var err error
	w.Clients, err = awsapi.Load(t.Context(), awsapi.Options{
		Region: "us-east-1", Calls: w.calls, MaxAttempts: attempts, Guard: func(context.Context, string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	owner, name := image[:12], image[13:]
	out := must[*ec2.DescribeImagesOutput](w)(w.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{owner}, Filters: by("name", name),
	}))
	w.ami = *out.Images[0].ImageId
	return w
}
