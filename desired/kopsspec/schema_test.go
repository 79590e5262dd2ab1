package kopsspec

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestEveryStructFieldIsAFieldOfKops keeps the structs honest: a misspelt tag would read nothing.
func TestEveryStructFieldIsAFieldOfKops(t *testing.T) {
	for kind, typ := range map[string]reflect.Type{
		"Cluster":       reflect.TypeFor[Cluster](),
		"InstanceGroup": reflect.TypeFor[InstanceGroup](),
		"SSHCredential": reflect.TypeFor[SSHCredential](),
	} {
		compareStruct(t, kind, typ, kinds()[kind])
	}
}

func compareStruct(t *testing.T, path string, typ reflect.Type, s *schema) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ.Kind() == reflect.Slice && s.list == nil {
			t.Errorf("%s: a slice, but kops has no list there", path)
			return
		} else if typ.Kind() == reflect.Slice {
			s = s.list
		}
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[Networking]() {
		return
	}
	for i := range typ.NumField() {
		name := typ.Field(i).Tag.Get("json")
		if name == "-" {
			continue
		}
		field, ok := s.fields[name]
		if !ok {
			t.Errorf("%s: kops has no field %q", path, name)
			continue
		}
		compareStruct(t, path+"."+name, typ.Field(i).Type, field)
	}
}

func TestEveryUnsupportedFieldIsAFieldOfKops(t *testing.T) {
	root := parseFields(fieldsText)
	for path, r := range unsupported {
		if root.find(path) == nil {
			t.Errorf("%s: kops has no such field", path)
		}
		if r.advice == "" || r.when == nil {
			t.Errorf("%s: says neither when nor what to do", path)
		}
	}
}

// TestEveryTypeOfTheFieldListIsUnderstood catches a new type that would silently refuse every value.
func TestEveryTypeOfTheFieldListIsUnderstood(t *testing.T) {
	known := "string bool int int16 int32 int64 uint8 uint32 quantity duration intOrString any"
	var walk func(path string, s *schema)
	walk = func(path string, s *schema) {
		if s == nil {
			return
		}
		if s.scalar != "" && !strings.Contains(" "+known+" ", " "+s.scalar+" ") {
			t.Errorf("%s has the unknown type %q", path, s.scalar)
		}
		walk(path+"[]", s.list)
		walk(path+"{}", s.each)
		for name, field := range s.fields {
			walk(path+"."+name, field)
		}
	}
	for kind, s := range kinds() {
		walk(kind, s)
	}
}

func TestNearestName(t *testing.T) {
	known := []string{"zone", "cidr", "ipv6CIDR", "additionalRoutes", "etcdMembers"}
	for name, want := range map[string]string{
		"CIDR":             "cidr",
		"zoen":             "zone",
		"zones":            "zone",
		"additionalRoute":  "additionalRoutes",
		"members":          "etcdMembers",
		"ipv6cidr":         "ipv6CIDR",
		"somethingElse":    "",
		"x":                "",
		"availabilityZone": "",
	} {
		got, ok := Nearest(name, slices.Values(known))
		if got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
