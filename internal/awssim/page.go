package awssim

import (
	"encoding/base64"
)

// paging is embedded in the input of every paginated Describe.
type paging struct {
	MaxResults *int
	NextToken  string
}

// page cuts one page out of a list that is sorted by key. The token names the last key given, so a
// list that changes between two pages neither repeats nor skips what did not change.
func page[T any](list []T, key func(T) string, p paging, limit int) (cut []T, next string, err error) {
	size := limit
	if p.MaxResults != nil {
		size = min(*p.MaxResults, limit)
	}
	if size < 1 {
		return nil, "", refuse("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid.", size)
	}
	after, err := base64.RawURLEncoding.DecodeString(p.NextToken)
	if err != nil {
		return nil, "", refuse("InvalidNextToken", "The token '%s' is invalid", p.NextToken)
	}
	for len(list) > 0 && p.NextToken != "" && key(list[0]) <= string(after) {
		list = list[1:]
	}
	if len(list) <= size {
		return list, "", nil
	}
	return list[:size], base64.RawURLEncoding.EncodeToString([]byte(key(list[size-1]))), nil
}
