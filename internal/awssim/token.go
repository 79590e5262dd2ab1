package awssim

import (
	"encoding/json"
)

// tokenUse remembers what a client token was first used for.
type tokenUse struct {
	Request string
	ID      string
}

// once makes a creating call idempotent as AWS does: the same token with the same parameters gives
// the object of the first time without doing anything, with other parameters it is refused. A
// token whose object is gone counts as new. in is the decoded request, whose token may be empty;
// create returns the id of what it made.
func once[T any](w *world, operation, token string, in any, rows map[string]T, create func() (string, error)) (T, error) {
	exists := func(id string) bool { _, e := rows[id]; return e }
	id, err := w.once(operation, token, in, exists, create)
	return rows[id], err
}

// once is the same for what is not kept in a map by its id.
func (w *world) once(operation, token string, in any, exists func(id string) bool, create func() (string, error)) (string, error) {
	if token == "" {
		return create()
	}
	request, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	key := operation + "/" + token
	if use, used := w.Tokens[key]; used && exists(use.ID) {
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
