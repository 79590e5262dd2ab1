package topology

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// CanonicalPolicy rewrites an IAM policy document so that documents that mean the
// same are the same text: keys sorted, the lists that IAM treats as sets sorted, a
// single element unwrapped, statements in order. Conditions keep their lists: kops
// writes some with one element, and IAM hands documents back as they were written.
func CanonicalPolicy(document string) (string, error) {
	var policy any
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return "", fmt.Errorf("policy is not JSON: %w", err)
	}
	canonical, err := json.Marshal(canonicalValue(policy, ""))
	if err != nil {
		return "", err
	}
	return string(canonical), nil
}

func canonicalValue(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if k == "Condition" {
				continue
			}
			v[k] = canonicalValue(x, k)
		}
	case []any:
		return canonicalList(v, key)
	}
	return v
}

// canonicalList unwraps single elements, but keeps Statement a list: IAM accepts
// both there, and a list is what people expect to read.
func canonicalList(list []any, key string) any {
	for i := range list {
		list[i] = canonicalValue(list[i], "")
	}
	if key == "Statement" {
		return list
	}
	if len(list) == 1 {
		return list[0]
	}
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}
