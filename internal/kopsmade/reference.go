package kopsmade

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	expression = regexp.MustCompile(`\$\{([^{}]*)\}`)
	reference  = regexp.MustCompile(`^((?:data\.)?aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.([a-z0-9_]+)$`)
	cidrsubnet = regexp.MustCompile(`^cidrsubnet\(([^,]+), 8, (\d+)\)$`)
)

// resolve replaces the expressions in all strings of a value. Blocks of Terraform's own say nothing to AWS.
func (m *maker) resolve(ctx context.Context, value any) (any, error) {
	var err error
	switch v := value.(type) {
	case string:
		return m.text(ctx, v)
	case []any:
		all := make([]any, len(v))
		for i := range v {
			if all[i], err = m.resolve(ctx, v[i]); err != nil {
				return nil, err
			}
		}
		return all, nil
	case map[string]any:
		all := map[string]any{}
		for key := range v {
			if key == "lifecycle" || key == "provider" {
				continue
			}
			if all[key], err = m.resolve(ctx, v[key]); err != nil {
				return nil, err
			}
		}
		return all, nil
	}
	return value, nil
}

// text replaces the expressions in a string. What is no expression that we know is left, as the
// variables of IAM policies are.
func (m *maker) text(ctx context.Context, text string) (string, error) {
	var failed error
	out := expression.ReplaceAllStringFunc(text, func(whole string) string {
		value, known, err := m.evaluate(ctx, whole[2:len(whole)-1])
		if err != nil && failed == nil {
			failed = err
		}
		if !known {
			return whole
		}
		return value
	})
	return out, failed
}

func (m *maker) evaluate(ctx context.Context, e string) (value string, known bool, err error) {
	if r := reference.FindStringSubmatch(e); r != nil {
		value, err = m.attribute(ctx, address{r[1], r[2]}, r[3])
		return value, true, err
	}
	if c := cidrsubnet.FindStringSubmatch(e); c != nil {
		whole, _, err := m.evaluate(ctx, c[1])
		if err != nil {
			return "", true, err
		}
		value, err := slash64(whole, c[2])
		return value, true, err
	}
	if name, ok := strings.CutPrefix(e, "var."); ok {
		value, given := m.setting.Variables[name]
		if !given {
			return "", true, fmt.Errorf("the document has a variable %s", name)
		}
		return value, true, nil
	}
	return "", false, nil
}

// slash64 is the n-th /64 of a /56.
func slash64(whole, n string) (string, error) {
	prefix, err := netip.ParsePrefix(whole)
	if err != nil {
		return "", err
	}
	k, err := strconv.ParseUint(n, 10, 8)
	if err != nil {
		return "", err
	}
	bytes := prefix.Addr().As16()
	bytes[7] |= byte(k)
	return netip.PrefixFrom(netip.AddrFrom16(bytes), 64).String(), nil
}
