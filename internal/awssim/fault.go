package awssim

import "net/http"

// Call is one request as it arrives, before anything has happened.
type Call struct {
	Service   string // the name in the signature: "ec2", "autoscaling", …
	Operation string
	Mutating  bool
	// N counts calls from 1 since the last ResetCalls: mutating calls among the mutating ones, reads
	// among the reads.
	N int
	// KeyID is the access key that signed it, which tells callers apart.
	KeyID string
	// Body is the request as it came; not to be changed.
	Body []byte
}

// Fate is what becomes of a call.
type Fate int

// The fates of a call. Only Proceed and LoseAnswer have an effect on the world.
const (
	Proceed     Fate = iota
	Throttle         // RequestLimitExceeded (EC2, 503) or Throttling (400)
	ServerError      // InternalError, HTTP 500
	Unavailable      // ServiceUnavailable, HTTP 503
	Deny             // UnauthorizedOperation (EC2) or AccessDenied, naming the action, HTTP 403
	BadKeys          // AuthFailure (EC2) or InvalidClientTokenId: the credentials are refused
	DropRequest      // the connection closes before the call has an effect
	LoseAnswer       // the connection closes after the call has had its effect
)

// Intercept decides the fate of each call. It may be called from many goroutines at once, and may
// call any method of the Region.
type Intercept func(Call) Fate

// EveryNth gives one call in n the fate, starting with the n-th: EveryNth(3, Throttle). It counts
// reads and mutating calls each on their own.
func EveryNth(n int, fate Fate) Intercept {
	return func(c Call) Fate {
		if n > 0 && c.N%n == 0 {
			return fate
		}
		return Proceed
	}
}

// NthMutating gives only the n-th mutating call the fate; the way to stop the world at every point.
func NthMutating(n int, fate Fate) Intercept {
	return func(c Call) Fate {
		if c.Mutating && c.N == n {
			return fate
		}
		return Proceed
	}
}

// OnOperation gives every call of one operation the fate: OnOperation("ec2", "CreateVpc", Deny).
func OnOperation(service, operation string, fate Fate) Intercept {
	return func(c Call) Fate {
		if c.Service == service && c.Operation == operation {
			return fate
		}
		return Proceed
	}
}

// FirstOf asks each intercept in turn and takes the first fate that is not Proceed.
func FirstOf(intercepts ...Intercept) Intercept {
	return func(c Call) Fate {
		for _, i := range intercepts {
			if f := i(c); f != Proceed {
				return f
			}
		}
		return Proceed
	}
}

// refusal is the error by which a service announces a fate, or nil for the silent ones.
func (f Fate) refusal(c Call, account string) *apiError {
	ec2 := c.Service == "ec2"
	switch f {
	case Throttle:
		if ec2 {
			return refuseStatus(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
		}
		return refuse("Throttling", "Rate exceeded")
	case ServerError:
		return refuseStatus(http.StatusInternalServerError, "InternalError", "An internal error has occurred")
	case Unavailable:
		return refuseStatus(http.StatusServiceUnavailable, "ServiceUnavailable", "The service is unavailable. Please try again shortly.")
	case Deny:
		return denial(c, account)
	case BadKeys:
		if ec2 {
			return refuseStatus(http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials")
		}
		return refuseStatus(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	default:
		return nil
	}
}

// denial names principal and action the way IAM does since 2021.
func denial(c Call, account string) *apiError {
	action := c.Service + ":" + c.Operation
	if c.Service == "monitoring" { // the one service here that IAM calls otherwise than signatures do
		action = "cloudwatch:" + c.Operation
	}
	who := "User: arn:aws:iam::" + account + ":user/simulated is not authorized to perform: " + action +
		" because no identity-based policy allows the " + action + " action"
	if c.Service == "ec2" {
		return refuseStatus(http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation. %s", who)
	}
	return refuseStatus(http.StatusForbidden, "AccessDenied", "%s", who)
}
