package awssim

import (
	"encoding/json"
)

// tokenUse remembers what a client token was first used for.
type tokenUse struct {
	Request string
	ID      string
}

// once makes a creating call idempotent as AWS does: the same token with the same parameters
// returns the id of the first time without doing anything, with other parameters it is refused.
// in is the decoded request, whose token may be empty.
func (w *world) once(operation, token string, in any, create func() (string, error)) (string, error) {
	if token == "" {
		return create()
	}
	request, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	key := operation + "/" + token
	if use, used := w.Tokens[key]; used {
		if use.Request != string(request) {
			return "", refuse("IdempotentParameterMismatch",
				"The client token %s has been used with different parameters", token)
		}
		return use.ID, nil
	}
	id, err := create()
	if err != nil {
		return "", err
	}
	w.Tokens[key] = tokenUse{Request: string(request), ID: id}
	return id, nil
}
