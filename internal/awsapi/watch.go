package awsapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Mutating reports whether an operation can change anything: whatever does not say
// in its name that it only looks.
func Mutating(operation string) bool {
	for _, look := range []string{"Describe", "Get", "Head", "List", "Lookup", "AssumeRole", dryRunPrefix} {
		if strings.HasPrefix(operation, look) {
			return false
		}
	}
	return true
}

// dryRunPrefix stands before the operations of dry runs where calls are counted.
const dryRunPrefix = "DryRun "

// dryRunKey marks the context of a call whose input says DryRun.
type dryRunKey struct{}

// isDryRun reports whether EC2 is only asked what it would say: it checks the
// permission and changes nothing. The inputs have no common type, but all have the
// field of that name.
func isDryRun(input any) bool {
	v := reflect.ValueOf(input)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return false
	}
	field := v.Elem().FieldByName("DryRun")
	if !field.IsValid() {
		return false
	}
	dry, ok := reflect.TypeAssert[*bool](field)
	return ok && dry != nil && *dry
}

// tokened are the creating calls that take a client token: sent twice, they make one
// resource.
var tokened = map[string]bool{
	"CreateNatGateway": true, "CreateVolume": true, "CreateRouteTable": true,
	"CreateLaunchTemplate": true, "CreateLaunchTemplateVersion": true,
}

// onceOnly reports whether sending the call again could make a second resource.
func onceOnly(operation string) bool {
	for _, makes := range []string{"Create", "Allocate", "Import", "Run"} {
		if strings.HasPrefix(operation, makes) {
			return !tokened[operation]
		}
	}
	return false
}

// errReadOnly is what a client without a guard says to every mutating call.
var errReadOnly = errors.New("these AWS clients were made for looking only")

// watch puts the guard in front of each mutating call and, inside the retry loop,
// the counter and the rule for lost answers.
func (o Options) watch(stack *middleware.Stack) error {
	guard := middleware.InitializeMiddlewareFunc("quorate/guard", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		if operation := awsmiddleware.GetOperationName(ctx); isDryRun(in.Parameters) {
			ctx = middleware.WithStackValue(ctx, dryRunKey{}, true)
		} else if Mutating(operation) {
			if err := o.allow(ctx, operation); err != nil {
				return middleware.InitializeOutput{}, middleware.Metadata{}, err
			}
		}
		return next.HandleInitialize(ctx, in)
	})
	attempt := middleware.FinalizeMiddlewareFunc("quorate/attempt", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		operation := awsmiddleware.GetOperationName(ctx)
		if dry, _ := middleware.GetStackValue(ctx, dryRunKey{}).(bool); dry {
			operation = dryRunPrefix + operation
		}
		o.Calls.add(operation)
		out, metadata, err := next.HandleFinalize(ctx, in)
		collect(ctx, operation, metadata, err)
		o.tell(ctx, err)
		if err != nil && onceOnly(operation) && unanswered(err) {
			err = &LostAnswerError{Operation: operation, Err: err}
		}
		return out, metadata, err
	})
	return errors.Join(
		stack.Initialize.Add(guard, middleware.After),
		stack.Finalize.Insert(attempt, "Retry", middleware.After),
	)
}

// An Answer is how one request ended, a retry being a request of its own.
type Answer struct {
	// Service is the SDK's name of it: "EC2", "Auto Scaling", "Elastic Load Balancing v2".
	Service   string
	Operation string // also of a dry run
	// Throttled says that AWS refused the request because there were too many.
	Throttled bool
}

func (o Options) tell(ctx context.Context, err error) {
	if o.OnAnswer != nil {
		o.OnAnswer(Answer{Service: awsmiddleware.GetServiceID(ctx), Operation: awsmiddleware.GetOperationName(ctx), Throttled: err != nil && Throttled(err)})
	}
}

func (o Options) allow(ctx context.Context, operation string) error {
	if o.Guard == nil {
		return errReadOnly
	}
	return o.Guard(ctx, operation)
}

// unanswered reports whether AWS may have carried the call out although no proper
// answer came back: no answer at all, or a server fault.
func unanswered(err error) bool {
	if Throttled(err) {
		return false
	}
	api, ok := errors.AsType[smithy.APIError](err)
	return !ok || api.ErrorFault() == smithy.FaultServer || serverCodes[api.ErrorCode()]
}

// LostAnswerError says that a creating call may have worked or not. It is not sent
// again: the next pass looks whether the resource is there.
type LostAnswerError struct {
	Operation string
	Err       error
}

func (e *LostAnswerError) Error() string {
	return fmt.Sprintf("%s may or may not have happened, the next pass looks: %v", e.Operation, e.Err)
}

func (e *LostAnswerError) Unwrap() error { return e.Err }

// RetryableError tells the SDK not to send the call again.
func (e *LostAnswerError) RetryableError() bool { return false }

// Calls counts the requests sent, retries included, by operation. It may be used
// from many goroutines at once.
type Calls struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *Calls) add(operation string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[operation]++
}

// ByOperation is a copy of the counts.
func (c *Calls) ByOperation() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.count)
}

// Total is the number of all requests.
func (c *Calls) Total() int {
	total := 0
	for n := range maps.Values(c.ByOperation()) {
		total += n
	}
	return total
}

// Mutations is the number of requests that could change something.
func (c *Calls) Mutations() int {
	counts := c.ByOperation()
	total := 0
	for _, operation := range slices.Collect(maps.Keys(counts)) {
		if Mutating(operation) {
			total += counts[operation]
		}
	}
	return total
}
