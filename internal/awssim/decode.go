package awssim

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// param is one level of the dotted parameters of the query protocols:
// Filter.1.Name=vpc-id becomes Filter → 1 → Name.
type param struct {
	value    string
	children map[string]*param
}

func (p *param) child(name string) *param {
	if p.children == nil {
		p.children = map[string]*param{}
	}
	c, ok := p.children[name]
	if !ok {
		c = &param{}
		p.children[name] = c
	}
	return c
}

func paramTree(form url.Values) *param {
	root := &param{}
	for key, values := range form {
		at := root
		for part := range strings.SplitSeq(key, ".") {
			at = at.child(part)
		}
		at.value = values[0]
	}
	return root
}

// decodeForm fills the struct that in points to from query parameters.
//
// A field takes the parameter of its own name, or of its `wire` tag. Slices take Name.1, Name.2 …
// (EC2) and Name.member.1 … (the query protocol). Structs nest, embedded ones are inlined, pointers
// tell "not sent" from the zero value, and []byte is base64. A parameter that no field takes is
// refused, so that a test notices what the simulator does not simulate.
func decodeForm(form url.Values, in any) error {
	return paramTree(form).decodeStruct("", reflect.ValueOf(in).Elem())
}

func (p *param) decodeStruct(path string, v reflect.Value) error {
	taken := map[string]bool{}
	if err := p.decodeFields(path, v, taken); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p.children)) {
		if !taken[name] {
			return refuse("UnknownParameter", "The parameter %s is not recognized", join(path, name))
		}
	}
	return nil
}

func (p *param) decodeFields(path string, v reflect.Value, taken map[string]bool) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			if err := p.decodeFields(path, v.Field(i), taken); err != nil {
				return err
			}
			continue
		}
		name := wireName(field)
		taken[name] = true
		c, sent := p.children[name]
		if !sent {
			continue
		}
		if err := c.decode(join(path, name), v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func wireName(f reflect.StructField) string {
	if name, ok := f.Tag.Lookup("wire"); ok {
		return name
	}
	return f.Name
}

func (p *param) decode(path string, v reflect.Value) error {
	switch v.Interface().(type) {
	case []byte:
		return p.decodeBlob(path, v)
	case time.Time:
		return p.decodeTime(path, v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return p.decode(path, v.Elem())
	case reflect.Struct:
		return p.decodeStruct(path, v)
	case reflect.Slice:
		return p.decodeSlice(path, v)
	default:
		return p.decodeScalar(path, v)
	}
}

// decodeSlice takes numbered children in the order of their numbers, which need not be dense.
func (p *param) decodeSlice(path string, v reflect.Value) error {
	if member, ok := p.children["member"]; ok {
		return member.decodeSlice(path+".member", v)
	}
	numbers := map[int]*param{}
	for name, c := range p.children {
		n, err := strconv.Atoi(name)
		if err != nil {
			return refuse("UnknownParameter", "The parameter %s is not recognized", join(path, name))
		}
		numbers[n] = c
	}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := numbers[n].decode(join(path, strconv.Itoa(n)), element); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
	}
	return nil
}

func (p *param) decodeScalar(path string, v reflect.Value) error {
	if len(p.children) > 0 {
		return invalidValue(path, "a structure")
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(p.value)
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(p.value)
		if err != nil {
			return invalidValue(path, p.value)
		}
		v.SetBool(b)
	case v.CanInt():
		n, err := strconv.ParseInt(p.value, 10, v.Type().Bits())
		if err != nil {
			return invalidValue(path, p.value)
		}
		v.SetInt(n)
	case v.CanFloat():
		f, err := strconv.ParseFloat(p.value, 64)
		if err != nil {
			return invalidValue(path, p.value)
		}
		v.SetFloat(f)
	default:
		return fmt.Errorf("no wire form for %s", v.Type())
	}
	return nil
}

func (p *param) decodeBlob(path string, v reflect.Value) error {
	b, err := base64.StdEncoding.DecodeString(p.value)
	if err != nil {
		return invalidValue(path, p.value)
	}
	v.SetBytes(b)
	return nil
}

func (p *param) decodeTime(path string, v reflect.Value) error {
	t, err := time.Parse(time.RFC3339, p.value)
	if err != nil {
		return invalidValue(path, p.value)
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

func invalidValue(path, value string) error {
	return refuse("InvalidParameterValue", "Value (%s) for parameter %s is invalid", value, path)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
