package prices

import "github.com/quorate/quorate/topology"

// HoursPerMonth is how AWS's own calculator turns an hour into a month: 365 · 24 / 12.
const HoursPerMonth = 730

// A Bill is what a topology costs in a month in which nothing changes.
type Bill struct {
	Lines []Line
}

// A Line is one part of the bill of a resource.
type Line struct {
	// Ref is zero for what no single resource costs.
	Ref topology.Ref
	// What is priced: "3 × m5.large on demand".
	What string
	// Monthly is in the bill's currency; it means nothing unless Known.
	Monthly float64
	Known   bool
	// Note says what makes the price an estimate, or why it is unknown; empty otherwise.
	Note string
}

// Total is the sum of what is known.
func (b Bill) Total() float64 {
	var sum float64
	for _, l := range b.Lines {
		if l.Known {
			sum += l.Monthly
		}
	}
	return sum
}

// Unknown lists the lines without a price.
func (b Bill) Unknown() []Line {
	var lines []Line
	for _, l := range b.Lines {
		if !l.Known {
			lines = append(lines, l)
		}
	}
	return lines
}

// amount is money that may be unknown; whatever is made from an unknown amount is
// unknown too.
type amount struct {
	value float64
	known bool
}

func (a amount) times(n float64) amount { return amount{a.value * n, a.known} }

func (a amount) plus(b amount) amount { return amount{a.value + b.value, a.known && b.known} }

func (a amount) monthly() amount { return a.times(HoursPerMonth) }
