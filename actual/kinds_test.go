package actual

import (
	"reflect"
	"strings"
	"testing"

	"github.com/quorate/quorate/topology"
)

func TestEveryKindHasARow(t *testing.T) {
	for _, kind := range topology.Kinds() {
		row, ok := rows[kind]
		if !ok {
			t.Errorf("%s has no row", kind)
			continue
		}
		if row.what == "" || row.convert == nil || len(row.looks) == 0 || len(row.looks) > rounds {
			t.Errorf("the row of %s is not complete", kind)
		}
	}
	if len(rows) != len(topology.Kinds()) {
		t.Errorf("there are %d rows for %d kinds", len(rows), len(topology.Kinds()))
	}
}

// What the clients cannot call, a bug cannot call either.
func TestLookingCannotChangeAnything(t *testing.T) {
	for _, service := range []reflect.Type{
		reflect.TypeFor[EC2](), reflect.TypeFor[AutoScaling](), reflect.TypeFor[ELB](), reflect.TypeFor[IAM](), reflect.TypeFor[Route53](),
	} {
		if service.NumMethod() == 0 {
			t.Errorf("%s has no methods, so this test says nothing", service)
		}
		for method := range service.Methods() {
			if !strings.HasPrefix(method.Name, "Describe") && !strings.HasPrefix(method.Name, "Get") && !strings.HasPrefix(method.Name, "List") {
				t.Errorf("%s has %s, which does not only look", service, method.Name)
			}
		}
	}
}
