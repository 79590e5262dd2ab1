package awsapi

import (
	"context"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// plainBodies hides from net/http that request bodies can write themselves. smithy-go
// (1.28.8) closes the body as soon as the answer begins; a body that can write itself
// then ends in EOF if net/http still looks for its end, and net/http closes the
// connection under the answer. It takes a server as near as loopback to see it, where
// a few answers in a hundred are lost.
func plainBodies(stack *middleware.Stack) error {
	hide := func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		request, isHTTP := in.Request.(*smithyhttp.Request)
		if !isHTTP {
			return next.HandleBuild(ctx, in)
		}
		if body, seeks := request.GetStream().(io.ReadSeeker); seeks {
			plain, err := request.SetStream(struct{ io.ReadSeeker }{body})
			if err != nil {
				return middleware.BuildOutput{}, middleware.Metadata{}, err
			}
			in.Request = plain
		}
		return next.HandleBuild(ctx, in)
	}
	return stack.Build.Add(middleware.BuildMiddlewareFunc("quorate/plainBodies", hide), middleware.After)
}
