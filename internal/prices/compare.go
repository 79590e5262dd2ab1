package prices

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/quorate/quorate/topology"
)

// A Comparison is what a plan does to the bill. The zero value compares nothing.
type Comparison struct {
	Region   string
	Currency string
	// Priced says of when the prices are, or that there are none.
	Priced string
	// Now is what is there; After is the same when the plan is carried out, its groups of
	// the size they have now within their bounds.
	Now, After Bill
	// Least and Most are After with every group at its minimum and at its maximum.
	Least, Most Bill
}

// Compare prices both sides of a plan. What is kept is paid for afterwards too, although
// nobody wants it.
func (t Table) Compare(region string, want, have topology.Topology, kept []topology.Ref, machines []topology.Machine) Comparison {
	running := Running(machines)
	var stays []topology.Resource
	for _, ref := range kept {
		if r, found := have.Get(ref); found {
			stays = append(stays, r)
		}
	}
	return Comparison{
		Region: region, Currency: currencyOf(region), Priced: t.Regions[region].priced(region),
		Now:   t.Monthly(region, have, running),
		After: t.monthly(region, want, Within(want, running), stays),
		Least: t.monthly(region, want, Least(want), stays),
		Most:  t.monthly(region, want, Most(want), stays),
	}
}

// IsZero reports that nothing was compared.
func (c Comparison) IsZero() bool { return c.Region == "" }

// priced tells the age of a region's prices in words.
func (r Region) priced(name string) string {
	machines, rest := len(r.Instances.Prices) > 0, len(r.Rates.Prices) > 0
	switch {
	case machines && rest && r.Instances.Date == r.Rates.Date:
		return fmt.Sprintf("%s list prices of %s", name, r.Rates.Date)
	case machines && rest:
		return fmt.Sprintf("%s list prices, instances of %s and the rest of %s", name, r.Instances.Date, r.Rates.Date)
	case machines:
		return fmt.Sprintf("%s list prices of instances of %s; no others are known", name, r.Instances.Date)
	case rest:
		return fmt.Sprintf("%s list prices of %s; none of instances are known", name, r.Rates.Date)
	}
	return "no prices of " + name + " are known; quorate prices refresh --region " + name + " fetches them"
}

// A Row is one thing on both bills. A side without it is nil.
type Row struct {
	Ref        topology.Ref
	Now, After *Line
}

// Rows pairs the lines of now and after by resource and by what is priced, in the order
// of references.
func (c Comparison) Rows() []Row {
	type key struct {
		ref  topology.Ref
		what string
	}
	rows := map[key]*Row{}
	take := func(lines []Line, put func(*Row, *Line)) {
		for i, l := range lines {
			k := key{l.Ref, l.What}
			if rows[k] == nil {
				rows[k] = &Row{Ref: l.Ref}
			}
			put(rows[k], &lines[i])
		}
	}
	take(c.Now.Lines, func(r *Row, l *Line) { r.Now = l })
	take(c.After.Lines, func(r *Row, l *Line) { r.After = l })
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b key) int {
		return cmp.Or(topology.CompareRefs(a.ref, b.ref), cmp.Compare(a.what, b.what))
	})
	var out []Row
	for _, k := range keys {
		out = append(out, *rows[k])
	}
	return out
}
