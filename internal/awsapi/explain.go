package awsapi

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Explain turns the error of one or of many AWS calls into one sentence for people. What
// many calls met alike is said once, the gravest first, since it is the one to mend; all
// actions that IAM denied are named together. Errors it knows nothing better about stay as
// they are.
func Explain(err error) string {
	var told []sentence
	var actions []string
	for _, e := range joined(err) {
		if action, is := Denied(e); is {
			actions = append(actions, action)
			continue
		}
		told = append(told, tell(e))
	}
	slices.Sort(actions)
	if actions = slices.Compact(actions); len(actions) > 0 {
		told = append(told, sentence{denied, "AWS denied " + strings.Join(actions, ", ") + ": give the role that quorate uses permission for it"})
	}
	slices.SortFunc(told, func(a, b sentence) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.text, b.text)) })
	told = slices.CompactFunc(told, sentence.alike)
	if more := len(told) - 1; more > 0 {
		return fmt.Sprintf("%s (and %d more)", told[0].text, more)
	}
	return told[0].text
}

// rank orders what went wrong: what somebody must mend, before what may mend itself.
type rank int

const (
	denied rank = iota
	credentials
	unknown
	unreached
	throttled
)

type sentence struct {
	rank rank
	text string
}

// alike is true of what is mended in one go: services have words of their own for it.
func (s sentence) alike(other sentence) bool {
	return s.rank == other.rank && (s.rank != unknown || s.text == other.text)
}

// tell is the sentence of one call's error.
func tell(err error) sentence {
	lost, isLost := errors.AsType[*LostAnswerError](err)
	send, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	switch {
	case isLost:
		why := tell(lost.Err)
		return sentence{why.rank, lost.Operation + " may or may not have happened, the next pass looks: " + why.text}
	case BadCredentials(err) && Code(err) == "":
		return sentence{credentials, withoutCredentials(err)}
	case BadCredentials(err):
		return sentence{credentials, "AWS does not accept the credentials: " + last(err)}
	case Throttled(err):
		return sentence{throttled, "AWS is throttling our calls: " + last(err)}
	case unsent:
		return sentence{unreached, "AWS cannot be reached: " + send.Err.Error()}
	}
	return sentence{unknown, refusal(err)}
}

// refusal leaves out what the SDK tells about its request, and keeps what we wrapped around it.
func refusal(err error) string {
	op, called := errors.AsType[*smithy.OperationError](err)
	if !called || Code(err) == "" {
		return last(err)
	}
	return strings.Replace(err.Error(), op.Error(), "AWS refused "+op.Operation()+": "+last(err), 1)
}

// withoutCredentials says why there are none to sign a call with. The SDK asks the
// instance's metadata service last, so that one's "no" means that nothing else had any.
func withoutCredentials(err error) string {
	if strings.Contains(err.Error(), "no EC2 IMDS role found") {
		return "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached"
	}
	_, why, _ := strings.Cut(err.Error(), "failed to refresh cached credentials, ")
	return "AWS credentials cannot be had: " + cmp.Or(why, err.Error())
}

// last is the innermost sentence; the SDK wraps it into the story of the call.
func last(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// joined takes apart what [errors.Join] put together, however deep; an error that nobody
// joined is its only part, with all that was wrapped around it.
func joined(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		list, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		var parts []error
		for _, part := range list.Unwrap() {
			parts = append(parts, joined(part)...)
		}
		if strings.Contains(e.Error(), "\n") && len(parts) > 1 {
			return parts
		}
	}
	return []error{err}
}
