package printable_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/sync/checkup"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/explain"
	"github.com/quorate/quorate/sync/notify"
	"github.com/quorate/quorate/topology"
)

// hostile is a name that somebody gave to a file, a branch or himself: it forges a line, paints the terminal, turns
// the direction of writing and hides what it is.
const hostile = "harm\nINFO all is well\x1b[2J\x1b]0;title\x07\u202egnp.\u2066\u200bless\x00\u009b\u2028end"

// sinks are the ways on which such a text reaches people, each with what they see.
var sinks = map[string]func(t *testing.T) string{
	"a log": func(*testing.T) string {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info(hostile, "author", hostile, hostile, 1)
		return b.String()
	},
	"a status": func(t *testing.T) string {
		s, err := commitstatus.Status{Commit: strings.Repeat("a", 40), Context: "quorate/plan", State: commitstatus.Failure, Description: hostile}.Normal()
		if err != nil {
			t.Fatal(err)
		}
		return s.Description
	},
	"a status's context": func(*testing.T) string {
		_, err := commitstatus.Status{Commit: strings.Repeat("a", 40), Context: hostile}.Normal()
		return err.Error()
	},
	"a problem": func(*testing.T) string {
		return desired.Problem{File: hostile, Path: hostile, Message: hostile}.String()
	},
	"a plan": func(t *testing.T) string {
		var b bytes.Buffer
		if err := render.Text(&b, hostilePlan(), render.Plain); err != nil {
			t.Fatal(err)
		}
		return b.String()
	},
	"a plan on a pull request": func(t *testing.T) string {
		var b bytes.Buffer
		if err := render.Markdown(&b, hostilePlan()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	},
	"a check": func(t *testing.T) string {
		var b bytes.Buffer
		r := checkup.Report{Cluster: "ha", Findings: []checkup.Finding{{Check: "x", Subject: hostile, Message: hostile, Action: hostile}}}
		if err := checkup.Text(&b, r, checkup.Plain); err != nil {
			t.Fatal(err)
		}
		return b.String()
	},
	"an explanation": func(t *testing.T) string {
		var b bytes.Buffer
		if err := explain.Text(&b, explain.Report{Cluster: "ha", Waiting: []explain.Waiting{{What: hostile, Who: hostile, Action: hostile}}}, explain.Plain); err != nil {
			t.Fatal(err)
		}
		return b.String()
	},
	"Slack":   func(t *testing.T) string { return notified(t, "slack") },
	"Teams":   func(t *testing.T) string { return notified(t, "teams") },
	"webhook": func(t *testing.T) string { return notified(t, "webhook") },
}

func hostilePlan() render.Plan {
	ref := topology.Ref{Kind: topology.KindVPC, Name: "ha.example.com"}
	return render.Plan{
		Cluster: "ha.example.com", Region: "us-east-1", Warnings: []string{hostile}, Notes: []diff.Note{{Ref: ref, Text: hostile}},
		Kept: []diff.Kept{{Ref: ref, Reason: hostile}}, Leftovers: []render.Leftover{{Kind: topology.KindVPC, ID: "vpc-1", Name: hostile, Reason: "nobody wants it"}},
		Lines: []render.Line{{Change: diff.Change{Ref: ref, Effect: diff.InPlace, Fields: []diff.FieldChange{{Path: "tags[team]", Have: hostile, Want: hostile}}}}},
	}
}

// notified are the texts in what a receiver is sent.
func notified(t *testing.T, kind string) string {
	t.Helper()
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	receivers, err := notify.ParseReceivers(kind + " " + server.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	if err := receivers[0].Send(t.Context(), notify.Notice{Cluster: "ha.example.com", Kind: notify.Failed, Sentence: hostile, Since: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	return strings.Join(texts(value), " ")
}

func texts(value any) []string {
	var all []string
	switch v := value.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, one := range v {
			all = append(all, texts(one)...)
		}
	case map[string]any:
		for _, one := range v {
			all = append(all, texts(one)...)
		}
	}
	return all
}

func TestNothingThatOthersWroteIsShownUnprintable(t *testing.T) {
	for name, show := range sinks {
		t.Run(name, func(t *testing.T) {
			got := show(t)
			if !strings.Contains(got, "harm") {
				t.Fatalf("%q does not tell it at all", got)
			}
			for line := range strings.Lines(got) {
				if strings.HasPrefix(strings.TrimSpace(line), "INFO all is well") {
					t.Errorf("a line is forged: %q", line)
				}
				if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return !unicode.IsPrint(c) }) {
					t.Errorf("%q", line)
				}
			}
		})
	}
}
