package contract

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/mototest"
)

const region = "us-east-1"

// image is the one that the example's groups use.
const image = "099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251001"

// A world is an AWS that the story is told in.
type world struct {
	clients awsapi.Clients
	now     func() time.Time
	// settle lets pass the time that the world needs to finish what it is doing.
	settle func()
	// inventory lists by type what is in the account; nil if the world cannot tell.
	inventory func() map[string]int
	// differences are what the world does unlike AWS.
	differences []difference
}

var motoServer = mototest.Server{Images: []string{image}}

func TestMain(m *testing.M) {
	defer motoServer.Stop()
	m.Run()
}

func simulator(t *testing.T) world {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))
	sim := awssim.New(awssim.Config{Region: region, Clock: clock, Seed: 1})
	t.Cleanup(sim.Close)
	if err := sim.AddHostedZone("example.com"); err != nil {
		t.Fatal(err)
	}
	url, stop, err := sim.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	inventory := func() map[string]int {
		count := map[string]int{}
		for _, item := range sim.Inventory() {
			count[item.Type]++
		}
		return count
	}
	return world{
		clients: connect(t, url), now: clock.Now, settle: func() { clock.Advance(10 * time.Minute) }, inventory: inventory,
	}
}

func moto(t *testing.T) world {
	t.Helper()
	clients := connect(t, motoServer.URL(t))
	clients.CloudWatch = cloudwatch.New(clients.CloudWatch.Options(), func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	})
	_, err := clients.Route53.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String("example.com"), CallerReference: aws.String(t.Name())})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Truncate(time.Hour) // no window of client tokens ends while a story is played
	return world{clients: clients, now: func() time.Time { return began }, settle: func() {}, differences: motoDifferences}
}

func connect(t *testing.T, url string) awsapi.Clients {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	clients, err := awsapi.Load(t.Context(), awsapi.Options{
		// A few attempts, as moto's web server now and then closes a connection too early.
		Region: region, MaxAttempts: 3, Guard: func(context.Context, string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return clients
}
