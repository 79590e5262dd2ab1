package render

import (
	"fmt"
	"math"
	"strings"

	"github.com/quorate/quorate/internal/prices"
	"github.com/quorate/quorate/topology"
)

// costLine is the one sentence of what the plan does to the bill; empty if nobody priced it.
func (p Plan) costLine() string {
	c := p.Cost
	if c.IsZero() {
		return ""
	}
	if nothingKnown(c.Now) && nothingKnown(c.After) {
		return "Cost a month: unknown; " + c.Priced
	}
	text := "Cost a month: " + step(c)
	if least, most := total(c, c.Least), total(c, c.Most); least != most {
		text += fmt.Sprintf(", from %s to %s as groups scale", least, most)
	}
	return text + "; " + c.Priced
}

func nothingKnown(b prices.Bill) bool { return len(b.Lines) == len(b.Unknown()) && len(b.Lines) > 0 }

// CostChange is what the plan adds to the bill of a month, as "+$12.30"; empty if nobody priced it.
func (p Plan) CostChange() string {
	c := p.Cost
	switch change := c.After.Total() - c.Now.Total(); {
	case c.IsZero():
		return ""
	case nothingKnown(c.After) || nothingKnown(c.Now):
		return "unknown"
	case cents(change) == 0:
		return "unchanged"
	case change > 0:
		return "+" + money(c.Currency, change)
	default:
		return money(c.Currency, change)
	}
}

// total is the sum of a bill; one that misses prices says how many.
func total(c prices.Comparison, b prices.Bill) string {
	text := money(c.Currency, b.Total())
	if n := len(b.Unknown()); n > 0 {
		text += fmt.Sprintf(" and %d unknown", n)
	}
	return text
}

// step is the way from one total to the other.
func step(c prices.Comparison) string {
	now, after := total(c, c.Now), total(c, c.After)
	if now == after {
		return now + ", unchanged"
	}
	change, of := money(c.Currency, c.After.Total()-c.Now.Total()), ""
	if c.After.Total() >= c.Now.Total() {
		change = "+" + change
	}
	if len(c.Now.Unknown())+len(c.After.Unknown()) > 0 {
		of = " of what is known"
	}
	return fmt.Sprintf("%s → %s (%s%s)", now, after, change, of)
}

// signsOf are how people write the currencies that AWS bills in.
var signsOf = map[string]string{"USD": "$", "CNY": "CN¥"}

// money is an amount to the cent.
func money(currency string, value float64) string {
	sign := ""
	if value < 0 {
		sign, value = "-", -value
	}
	return fmt.Sprintf("%s%s%.2f", sign, signsOf[currency], value)
}

// side is one line of a bill for people, such as "$210.24".
func side(c prices.Comparison, l *prices.Line) string {
	switch {
	case l == nil:
		return "–"
	case !l.Known:
		return "unknown"
	}
	return money(c.Currency, l.Monthly)
}

func owner(ref topology.Ref) string {
	if ref.IsZero() {
		return "the cluster"
	}
	return ref.String()
}

func about(r prices.Row) (what, note string) {
	if r.After != nil {
		return r.After.What, r.After.Note
	}
	return r.Now.What, r.Now.Note
}

// textCost writes the bill's lines beneath its sentence.
func textCost(b *strings.Builder, c prices.Comparison) {
	for _, r := range c.Rows() {
		what, note := about(r)
		if note != "" {
			note = " (" + note + ")"
		}
		fmt.Fprintf(b, "  %12s → %-12s %s: %s%s\n", side(c, r.Now), side(c, r.After), owner(r.Ref), what, note)
	}
}

// markdownCost writes the sentence, with the lines folded away.
func markdownCost(b *strings.Builder, p Plan) {
	line := p.costLine()
	if line == "" {
		return
	}
	fmt.Fprintf(b, "\n<details><summary>%s</summary>\n\n| now | after | resource | what | note |\n| ---: | ---: | --- | --- | --- |\n", cell(line))
	for _, r := range p.Cost.Rows() {
		what, note := about(r)
		fmt.Fprintf(b, "| %s | %s | `%s` | %s | %s |\n", side(p.Cost, r.Now), side(p.Cost, r.After), code(owner(r.Ref)), cell(what), cell(note))
	}
	b.WriteString("\n</details>\n")
}

type jsonCost struct {
	Region   string `json:"region"`
	Currency string `json:"currency"`
	Prices   string `json:"prices"`
	// Totals are of what is known, in a month.
	Now   jsonTotal   `json:"now"`
	After jsonTotal   `json:"after"`
	Least jsonTotal   `json:"least"`
	Most  jsonTotal   `json:"most"`
	Lines []jsonPrice `json:"lines"`
}

type jsonTotal struct {
	Monthly float64 `json:"monthly"`
	Unknown int     `json:"unknown,omitempty"`
}

// jsonPrice has null for a price that is unknown, or for a side that does not have it.
type jsonPrice struct {
	Ref   topology.Ref `json:"ref,omitzero"`
	What  string       `json:"what"`
	Now   *float64     `json:"now"`
	After *float64     `json:"after"`
	Note  string       `json:"note,omitempty"`
}

func costJSON(c prices.Comparison) *jsonCost {
	if c.IsZero() {
		return nil
	}
	out := &jsonCost{
		Region: c.Region, Currency: c.Currency, Prices: c.Priced, Lines: []jsonPrice{},
		Now: totalJSON(c.Now), After: totalJSON(c.After), Least: totalJSON(c.Least), Most: totalJSON(c.Most),
	}
	for _, r := range c.Rows() {
		what, note := about(r)
		out.Lines = append(out.Lines, jsonPrice{r.Ref, what, known(r.Now), known(r.After), note})
	}
	return out
}

// cents rounds an amount as it is shown.
func cents(value float64) float64 { return math.Round(value*100) / 100 }

func totalJSON(b prices.Bill) jsonTotal { return jsonTotal{cents(b.Total()), len(b.Unknown())} }

func known(l *prices.Line) *float64 {
	if l == nil || !l.Known {
		return nil
	}
	value := cents(l.Monthly)
	return &value
}
