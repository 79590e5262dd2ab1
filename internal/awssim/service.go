package awssim

// service is one AWS service: how it speaks and what it can do.
type service struct {
	protocol   protocol
	operations map[string]operation
	// global services (IAM, Route 53) sign for us-east-1 wherever the caller lives; S3 compares the
	// region with the bucket's.
	global bool
	// earlier are the older versions of the API that share the service's name, by version.
	earlier map[string]service
}

// of is the service in the version that a request speaks.
func (s service) of(version string) service {
	if old, spoken := s.earlier[version]; spoken {
		return old
	}
	return s
}

// services maps the name in the signature's credential scope to the service.
var services = map[string]service{
	"ec2": {protocol: ec2Query{}, operations: ec2Operations},
	"iam": {protocol: awsQuery{namespace: "https://iam.amazonaws.com/doc/2010-05-08/"}, operations: iamOperations, global: true},
	"sts": {protocol: awsQuery{namespace: "https://sts.amazonaws.com/doc/2011-06-15/"}, operations: stsOperations},
	"elasticloadbalancing": {protocol: awsQuery{namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"}, operations: elbv2Operations,
		earlier: map[string]service{classicVersion: {protocol: awsQuery{namespace: "http://elasticloadbalancing.amazonaws.com/doc/" + classicVersion + "/"}, operations: classicOperations}}},
	"autoscaling":   {protocol: awsQuery{namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/"}, operations: autoScalingOperations},
	"sqs":           {protocol: sqsProtocol, operations: sqsOperations},
	"events":        {protocol: eventBridgeProtocol, operations: eventBridgeOperations},
	"monitoring":    {protocol: cloudWatchProtocol, operations: cloudWatchOperations},
	"cloudtrail":    {protocol: cloudTrailProtocol, operations: cloudTrailOperations},
	"servicequotas": {protocol: quotaProtocol, operations: quotaOperations},
	"s3":            {protocol: s3XML{}, operations: s3Operations, global: true},
	"route53":       {protocol: route53Protocol, operations: route53Operations, global: true},
	"pricing":       {protocol: pricingProtocol, operations: pricingOperations, global: true},
}

// operation is one row of a service's table.
type operation struct {
	mutating bool
	strong   bool // a read that is never stale
	run      func(w *world, decode func(in any) error) (any, error)
}

// reads makes the row of an operation that changes nothing. Stale reads apply to it.
func reads[In, Out any](f func(*world, In) (Out, error)) operation {
	return operation{run: typed(f)}
}

// mutates makes the row of an operation that changes the world.
func mutates[In, Out any](f func(*world, In) (Out, error)) operation {
	return operation{mutating: true, run: typed(f)}
}

func typed[In, Out any](f func(*world, In) (Out, error)) func(*world, func(any) error) (any, error) {
	return func(w *world, decode func(any) error) (any, error) {
		var in In
		if err := decode(&in); err != nil {
			return nil, err
		}
		return f(w, in)
	}
}

// none is the input of operations without parameters and the output of those without an answer.
type none struct{}
