package awsapi

import (
	"context"
	"errors"
	"slices"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
)

// maxRequests bounds what one [Requests] keeps; more are only counted.
const maxRequests = 16

// A Request is one request that could change something, as CloudTrail knows it.
type Request struct {
	Operation string
	// ID is AWS's; empty if no answer came back.
	ID string
	// Failed reports that AWS refused it, or that no answer came.
	Failed bool
}

// Requests collects the mutating requests sent under one context, retries included. The zero
// value is ready, and may be used from many goroutines at once.
type Requests struct {
	mu    sync.Mutex
	first []Request
	count int
}

// All are the first 16 requests, in the order of their answers, and how many there were.
func (r *Requests) All() (first []Request, count int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.first), r.count
}

func (r *Requests) add(request Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	if len(r.first) < maxRequests {
		r.first = append(r.first, request)
	}
}

type requestsKey struct{}

// Collect is a context whose mutating requests are told to r.
func Collect(ctx context.Context, r *Requests) context.Context {
	return context.WithValue(ctx, requestsKey{}, r)
}

// collect tells the request to whoever asked for it.
func collect(ctx context.Context, operation string, metadata middleware.Metadata, err error) {
	r, asked := ctx.Value(requestsKey{}).(*Requests)
	if !asked || !Mutating(operation) {
		return
	}
	id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && id == "" {
		id = answer.ServiceRequestID()
	}
	r.add(Request{Operation: operation, ID: id, Failed: err != nil})
}
