package awsapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
)

// Options say which account and region to talk to, and how.
type Options struct {
	// Region is required.
	Region string
	// RoleARN is assumed on top of the default credential chain; empty for none.
	RoleARN string
	// SessionName is how CloudTrail shows the assumed role's session.
	SessionName string
	// Guard is asked before every mutating call; an error stops the call. Nil
	// refuses every mutating call, so that a planner cannot change anything by
	// mistake. Calls whose input says DryRun change nothing and are not asked about.
	Guard Guard
	// Calls counts; nil for no counting.
	Calls *Calls
	// OnAnswer, if set, hears the end of every request, from many goroutines at once.
	OnAnswer func(Answer)
	// MaxAttempts and MaxBackoff bound the retries of one call. Zero means 6
	// attempts and 20 s, which rides out the usual throttling of a minute.
	MaxAttempts int
	MaxBackoff  time.Duration
	// HTTP replaces the SDK's HTTP client; for tests.
	HTTP *http.Client
}

// A Guard says whether a mutating call may go out now: whoever makes it must still
// hold the cluster's lease.
type Guard func(ctx context.Context, operation string) error

// Clients are the SDK clients of one account and region.
type Clients struct {
	EC2         *ec2.Client
	AutoScaling *autoscaling.Client
	ELB         *elb.Client
	ClassicELB  *classicelb.Client
	IAM         *iam.Client
	Route53     *route53.Client
	SQS         *sqs.Client
	EventBridge *eventbridge.Client
	Quotas      *servicequotas.Client
	CloudWatch  *cloudwatch.Client
	CloudTrail  *cloudtrail.Client
	// Pricing has endpoints in few regions: us-east-1 and, for China, cn-northwest-1.
	Pricing *pricing.Client
	S3      *s3.Client
	STS     *sts.Client
}

// Load makes the clients. It reads the SDK's usual environment and files, and makes
// no call to AWS.
func Load(ctx context.Context, o Options) (Clients, error) {
	if o.Region == "" {
		return Clients{}, fmt.Errorf("no AWS region")
	}
	load := []func(*config.LoadOptions) error{
		config.WithRegion(o.Region),
		config.WithRetryer(o.retryer),
		config.WithAPIOptions([]func(*middleware.Stack) error{o.watch, plainBodies}),
	}
	if o.HTTP != nil {
		load = append(load, config.WithHTTPClient(o.HTTP))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return Clients{}, fmt.Errorf("load AWS configuration: %w", err)
	}
	if o.RoleARN != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), o.RoleARN, func(p *stscreds.AssumeRoleOptions) {
			p.RoleSessionName = o.SessionName
		})
		cfg.Credentials = aws.NewCredentialsCache(provider)
	}
	return Clients{
		EC2:         ec2.NewFromConfig(cfg),
		AutoScaling: autoscaling.NewFromConfig(cfg),
		ELB:         elb.NewFromConfig(cfg),
		ClassicELB:  classicelb.NewFromConfig(cfg),
		IAM:         iam.NewFromConfig(cfg),
		Route53:     route53.NewFromConfig(cfg),
		SQS:         sqs.NewFromConfig(cfg),
		EventBridge: eventbridge.NewFromConfig(cfg),
		CloudWatch:  cloudwatch.NewFromConfig(cfg),
		CloudTrail:  cloudtrail.NewFromConfig(cfg),
		Pricing:     pricing.NewFromConfig(cfg),
		S3:          s3.NewFromConfig(cfg, pathStyle),
		Quotas:      servicequotas.NewFromConfig(cfg),
		STS:         sts.NewFromConfig(cfg),
	}, nil
}

// pathStyle keeps the names of buckets out of the host, where somebody named an endpoint: names with dots
// make no host below it that anybody resolves.
func pathStyle(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil }

func (o Options) retryer() aws.Retryer {
	return retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts, s.MaxBackoff = 6, 20*time.Second
		if o.MaxAttempts > 0 {
			s.MaxAttempts = o.MaxAttempts
		}
		if o.MaxBackoff > 0 {
			s.MaxBackoff = o.MaxBackoff
		}
	})
}
