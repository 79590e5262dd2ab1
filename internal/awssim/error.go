package awssim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// apiError is a refusal as AWS words it. Code and status are interface: clients branch on them.
type apiError struct {
	Code    string
	Message string
	Status  int
	// Region is where S3 sends the caller; empty for every other refusal.
	Region string
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// refuse is the usual refusal: the caller asked for something that cannot be (HTTP 400).
func refuse(code, format string, args ...any) *apiError {
	return refuseStatus(http.StatusBadRequest, code, format, args...)
}

// refuseStatus is for the services that answer with other statuses (IAM says 404 and 409).
func refuseStatus(status int, code, format string, args ...any) *apiError {
	return &apiError{Code: code, Message: fmt.Sprintf(format, args...), Status: status}
}

// missing is EC2's answer to a required parameter that was not sent.
func missing(parameter string) *apiError {
	return refuse("MissingParameter", "The request must contain the parameter %s", parameter)
}

// asAPIError dresses an unexpected error as AWS's internal error, so that a defect of the simulator
// reaches the client as a 500 with the reason and not as a hang.
func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	return refuseStatus(http.StatusInternalServerError, "InternalError", "simulator: %v", err)
}

// quoted lists ids as AWS does in its messages: 'a, b'.
func quoted(ids ...string) string { return "'" + strings.Join(ids, ", ") + "'" }
