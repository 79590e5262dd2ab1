package review

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/rules"
)

const (
	// remarkName finds our comment again.
	remarkName = "plan"
	// roomForPlans is shared by the plans of one comment, in bytes: GitHub takes 65,536 characters in all.
	roomForPlans = 50_000
	// maxListed bounds the problems that are listed one by one.
	maxListed = 50
	// maxSpan bounds a text from a manifest, from AWS or from a person, in characters.
	maxSpan = 400
	// maxNote bounds a sentence of ours, with what it lists.
	maxNote = 1500
)

// comment is the one that is kept on the pull request, in markdown. It begins with hidden lines by which
// [showing] finds what it shows. Text that is not ours stands in code spans or was escaped by the renderer, so
// that it links to nothing, calls nobody and begins nothing.
func (f finding) comment() string {
	var b strings.Builder
	state, text := f.verdict()
	f.showing().mark(&b)
	fmt.Fprintf(&b, "### Quorate: %s\n\n%s\n", title(state), span(text))
	f.table(&b)
	f.problems(&b)
	f.ruled(&b)
	for _, r := range f.sorted() {
		r.fold(&b, max(2000, roomForPlans/len(f.rows)))
	}
	f.footer(&b)
	return b.String()
}

func title(state commitstatus.State) string {
	return map[commitstatus.State]string{
		commitstatus.Success: "what a merge would do", commitstatus.Pending: "not planned yet",
		commitstatus.Failure: "this must not be merged as it is", commitstatus.Error: "no plan could be made",
	}[state]
}

func (f finding) table(b *strings.Builder) {
	if len(f.rows)+len(f.touched.broken) == 0 {
		return
	}
	b.WriteString("\n| cluster | | risk | steps | rollout | etcd at the narrowest | cost a month |\n| --- | --- | --- | ---: | --- | --- | ---: |\n")
	for _, r := range f.sorted() {
		risk, steps := r.risk.String(), fmt.Sprint(r.steps)
		if r.plan == "" {
			risk, steps = "unknown", "–"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", span(r.name), r.word, risk, steps, dash(duration(r.seconds)), dash(r.margin), dash(r.cost))
	}
	for _, name := range f.touched.broken {
		fmt.Fprintf(b, "| %s | not valid | unknown | – | – | – | – |\n", span(name))
	}
}

func dash(text string) string { return cmp.Or(text, "–") }

// problems are listed with their places and what to do, as far as there is room.
func (f finding) problems(b *strings.Builder) {
	all := errorsFirst(f.touched.problems)
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "\n**%d problems in the manifests**\n\n", len(all))
	for _, p := range all[:min(len(all), maxListed)] {
		place := p.File
		if p.Line > 0 {
			place = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
		if p.Path != "" {
			place = place + " " + p.Path
		}
		warning := ""
		if p.Severity != desired.Error {
			warning = "warning, "
		}
		fmt.Fprintf(b, "- %s%s: %s\n", warning, span(place), span(p.Message))
	}
	if more := len(all) - maxListed; more > 0 {
		fmt.Fprintf(b, "- and %d more; `quorate validate` lists them all\n", more)
	}
}

// ruled tells which clusters go by other rules then.
func (f finding) ruled(b *strings.Builder) {
	if !f.touched.rules || len(f.touched.errors()) > 0 {
		return
	}
	if len(f.touched.ruled) == 0 {
		fmt.Fprintf(b, "\n%s is valid, and means the same to every cluster as before.\n", span(rules.File))
		return
	}
	b.WriteString("\n**The rules change**\n\n")
	for _, c := range f.touched.ruled[:min(len(f.touched.ruled), maxListed)] {
		who := "of all clusters together"
		if n := len(c.Clusters); n > 0 {
			who = "of " + spans(c.Clusters[:min(n, maxListed)])
			if n > maxListed {
				who += fmt.Sprintf(" and %d more", n-maxListed)
			}
		}
		fmt.Fprintf(b, "- %s\n", who)
		for _, says := range c.Says {
			fmt.Fprintf(b, "  - %s\n", span(says))
		}
	}
	if more := len(f.touched.ruled) - maxListed; more > 0 {
		fmt.Fprintf(b, "- and of others, in %d more ways\n", more)
	}
	b.WriteString("\nThey count from the merge on, also for what is under way then.\n")
}

// fold hides a plan behind its summary, cut at a line if it is longer than its room.
func (r row) fold(b *strings.Builder, room int) {
	fmt.Fprintf(b, "\n<details><summary><code>%s</code>: %s</summary>\n", element(r.name), element(r.text))
	for _, note := range r.notes {
		fmt.Fprintf(b, "\n> `%s`\n", code(commitstatus.Shorten(note, maxNote)))
	}
	if r.body != "" {
		b.WriteString("\n" + cut(r.body, room, r.rest()))
		fmt.Fprintf(b, "\nPlan `%.12s`, of what AWS had at %s (`%.12s`).", r.plan, clock(r.at), r.seen)
		if r.link != "" {
			fmt.Fprintf(b, " [The page of this plan](<%s>)", r.link)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n</details>\n")
}

// rest says where all of the plan is.
func (r row) rest() string {
	if r.link != "" {
		return fmt.Sprintf("[All of it](<%s>)", r.link)
	}
	return fmt.Sprintf("All of it: `quorate plan --file` %s, at this commit", span(r.path))
}

// cut keeps whole lines, closes what they opened, and says where the rest is.
func cut(text string, room int, rest string) string {
	if len(text) <= room {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	kept, size, open := 0, 0, 0
	for kept < len(lines) && size+len(lines[kept]) <= room {
		size += len(lines[kept])
		open += strings.Count(lines[kept], "<details") - strings.Count(lines[kept], "</details>")
		kept++
	}
	return fmt.Sprintf("%s%s\n**Cut here**, after %d of %d lines. %s.\n",
		strings.Join(lines[:kept], ""), strings.Repeat("\n</details>\n", max(0, open)), kept, len(lines), rest)
}

// footer says what the findings are bound to.
func (f finding) footer(b *strings.Builder) {
	fmt.Fprintf(b, "\nOf commit `%.12s`, to be merged into `%s` at `%.12s`; %s. A new commit, here or there, is looked at again.\n",
		f.head, code(clip(f.baseBranch)), f.base, clock(f.at))
	b.WriteString("\n<sub>Say `/quorate plan`, `explain`, `pause REASON`, `resume`, `roll GROUP` or `approve`.</sub>\n")
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span is a text as it is, in a span of code: on one line, without what cannot be printed.
func span(text string) string {
	text = commitstatus.Shorten(text, maxSpan)
	if text == "" {
		return "–"
	}
	return "`" + code(text) + "`"
}

// clip makes one printable line of what somebody wrote.
func clip(text string) string { return commitstatus.Shorten(text, maxSpan) }

// code is for the inside of a span of code, in a table too: a backslash before a pipe would end the cell.
func code(text string) string {
	return strings.NewReplacer("`", "'", `\|`, `\ \|`, "|", `\|`).Replace(text)
}

// element is for the inside of an HTML element.
func element(text string) string {
	text = commitstatus.Shorten(text, maxSpan)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b", "#", "#\u200b", "://", ":\u200b//", "`", "'", "[", "&#91;", "*", "&#42;", "_", "&#95;").Replace(text)
}
