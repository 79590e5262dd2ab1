package kopsmade

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// block is the attributes of a resource. Its methods read them as Terraform does, to which a number may
// be written as a string; nil and zero stand for those that are absent.
type block map[string]any

func (b block) text(key string) string { return text(b[key]) }

func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// str is nil for an empty string, too: so are arguments of the provider that have no value.
func (b block) str(key string) *string {
	if s := b.text(key); s != "" {
		return &s
	}
	return nil
}

func (b block) number(key string) *int32 {
	n, err := strconv.ParseInt(b.text(key), 10, 32)
	if err != nil {
		return nil
	}
	return aws.Int32(int32(n))
}

// positive is nil for 0, which is how the provider reads numbers whose zero value says nothing.
func (b block) positive(key string) *int32 {
	if n := b.number(key); n != nil && *n > 0 {
		return n
	}
	return nil
}

func (b block) flag(key string) *bool {
	on, err := strconv.ParseBool(b.text(key))
	if err != nil {
		return nil
	}
	return &on
}

func (b block) is(key string) bool { return aws.ToBool(b.flag(key)) }

func (b block) list(key string) []string {
	var all []string
	values, _ := b[key].([]any)
	for _, v := range values {
		all = append(all, text(v))
	}
	return all
}

func (b block) joined(key string) *string { return aws.String(strings.Join(b.list(key), ",")) }

func (b block) blocks(key string) []block {
	var all []block
	values, _ := b[key].([]any)
	for _, v := range values {
		if inner, ok := v.(map[string]any); ok {
			all = append(all, inner)
		}
	}
	return all
}

// only is the one block of that name, or an empty one.
func (b block) only(key string) block {
	for _, inner := range b.blocks(key) {
		return inner
	}
	return block{}
}

func (b block) has(key string) bool { return len(b.blocks(key)) > 0 }

func (b block) tags() map[string]string {
	all := map[string]string{}
	tags, _ := b["tags"].(map[string]any)
	for key, value := range tags {
		all[key] = text(value)
	}
	return all
}

// tagList writes tags as a service has them.
func tagList[T any](tags map[string]string, tag func(key, value *string) T) []T {
	var all []T
	for key, value := range tags {
		all = append(all, tag(&key, &value))
	}
	return all
}
