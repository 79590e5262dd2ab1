package diff

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/quorate/quorate/topology"
)

func digestPlan() Plan {
	vpc := topology.VPC{Name: "ha.example.com", CIDR: netip.MustParsePrefix("172.20.0.0/16")}
	group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "nodes.ha.example.com"}
	return Plan{Cluster: "ha.example.com", Region: "us-east-1", Changes: []Change{
		{Ref: vpc.Ref(), Effect: Create, Want: vpc},
		{Ref: group, Effect: InPlace, Fields: []FieldChange{{Path: "maxSize", Have: "2", Want: "3", Effect: InPlace}}},
	}}
}

func TestTheDigestOfAPlanChangesWithWhatItWouldDoAndNothingElse(t *testing.T) {
	before := digestPlan().Digest()
	for name, c := range map[string]struct {
		edit func(*Plan)
		same bool
	}{
		"nothing":            {func(*Plan) {}, true},
		"the listing":        {func(p *Plan) { slices.Reverse(p.Changes) }, true},
		"a sentence":         {func(p *Plan) { p.Changes[1].Reason = "because"; p.Notes = []Note{{Text: "x"}} }, true},
		"a value":            {func(p *Plan) { p.Changes[1].Fields[0].Want = "4" }, false},
		"what was there":     {func(p *Plan) { p.Changes[1].Fields[0].Have = "1" }, false},
		"an effect":          {func(p *Plan) { p.Changes[1].Effect = Roll }, false},
		"a field's effect":   {func(p *Plan) { p.Changes[1].Fields[0].Effect = Roll }, false},
		"a new resource":     {func(p *Plan) { p.Changes[0].Want = topology.VPC{Name: "ha.example.com"} }, false},
		"a change that went": {func(p *Plan) { p.Changes = p.Changes[:1] }, false},
		"another cluster":    {func(p *Plan) { p.Cluster = "other.example.com" }, false},
		"the cluster's end":  {func(p *Plan) { p.ends = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := digestPlan()
			c.edit(&p)
			if same := p.Digest() == before; same != c.same {
				t.Errorf("same digest: %t, want %t", same, c.same)
			}
		})
	}
}
