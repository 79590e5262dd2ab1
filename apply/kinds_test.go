package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

func TestEveryKindHasARow(t *testing.T) {
	rows := rowsFor(env{clients: awsapi.Clients{EC2: ec2.New(ec2.Options{})}})
	for _, kind := range topology.Kinds() {
		row, ok := rows[kind]
		if !ok || row.create == nil || row.update == nil || row.remove == nil {
			t.Errorf("%s has no row: add its file and its line in kinds.go", kind)
		}
	}
	if len(rows) != len(topology.Kinds()) {
		t.Errorf("there are %d rows for %d kinds", len(rows), len(topology.Kinds()))
	}
}

func TestRowRefusesTheResourceOfAnotherKind(t *testing.T) {
	rows := rowsFor(env{clients: awsapi.Clients{EC2: ec2.New(ec2.Options{})}})
	for _, kind := range topology.Kinds() {
		var other topology.Resource = aVPC()
		if kind == topology.KindVPC {
			other = aDHCPOptions()
		}
		if _, err := rows[kind].create(t.Context(), other, nil); err == nil {
			t.Errorf("%s made a %T", kind, other)
		}
		if err := rows[kind].remove(t.Context(), other, nil); err == nil {
			t.Errorf("%s removed a %T", kind, other)
		}
	}
}
