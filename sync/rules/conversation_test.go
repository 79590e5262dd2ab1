package rules

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/diff"
)

var update = flag.Bool("update", false, "rewrite the answers")

// TestConversations asks the rules of each file, and compares their answers. A line that
// begins with a name says what is so from then on; one that begins with ? asks; the line
// below it is the answer.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { converse(t, file) })
	}
}

func converse(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil || len(archive.Files) != 2 {
		t.Fatalf("%d files: %v", len(archive.Files), err)
	}
	rules, problems := Read(archive.Files[0].Data)
	for _, p := range problems {
		t.Error(p)
	}
	written := string(archive.Files[1].Data)
	var said strings.Builder
	q := Question{Resources: 100}
	for line := range strings.Lines(written) {
		if strings.HasPrefix(line, "  ") {
			continue // an answer, which is given anew
		}
		said.WriteString(line)
		switch words := strings.Fields(line); {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "?":
			asked := q
			if err := asked.hear(words[1:]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			fmt.Fprintf(&said, "  %s\n", rules.Decide(asked))
		default:
			if err := q.hear(words); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	}
	if *update {
		archive.Files[1].Data = []byte(said.String())
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(written, said.String()); d != "" {
		t.Errorf("(-written +said)\n%s", d)
	}
}

// String is the answer as a conversation has it.
func (v Verdict) String() string {
	text := v.Answer.String()
	if v.Reason != "" {
		text += ": " + v.Reason
	}
	if !v.Until.IsZero() {
		text += " [ask again " + v.Until.UTC().Format(time.DateTime) + "Z]"
	}
	return text
}

// hear takes what is said of a question, word by word.
func (q *Question) hear(words []string) (err error) {
	take := func() (word string) {
		if len(words) == 0 {
			err = fmt.Errorf("something is missing")
			return ""
		}
		word, words = words[0], words[1:]
		return word
	}
	for len(words) > 0 && err == nil {
		switch verb := take(); verb {
		case "at":
			day, hour, place := take(), take(), take()
			zone, bad := time.LoadLocation(place)
			if bad != nil {
				return bad
			}
			q.Now, err = time.ParseInLocation(time.DateTime, day+" "+hour+":00", zone)
		case "may":
			q.Cluster = take()
			q.Path = "clusters/" + q.Cluster + "/cluster.yaml"
		case "change":
			q.Risk, err = diff.ParseRisk(strings.ReplaceAll(take(), "_", " "))
		case "begun":
			q.Begun, q.Place = true, q.Risk
		case "was":
			q.Place, err = diff.ParseRisk(strings.ReplaceAll(take(), "_", " "))
		case "author":
			q.Author = take()
		case "approves":
			name, teams, _ := strings.Cut(take(), ":")
			q.Approvals = append(q.Approvals, Person{name, strings.FieldsFunc(teams, func(r rune) bool { return r == ',' })})
		case "owner":
			q.Owners = append(q.Owners, take())
		case "destroys":
			q.Destroys, err = strconv.Atoi(take())
		case "overrides", "claims":
			q.Vouched = verb == "overrides"
			q.OverriddenBy, q.Override, words = take(), strings.Join(words, " "), nil
		case "unknown":
			q.Unknown, words = strings.Join(words, " "), nil
		case "other":
			err = q.other(take(), take())
		default:
			return fmt.Errorf("nobody understands %q", verb)
		}
	}
	return err
}

// other says how another cluster is: behind, sick, busy, rolling, or since when healthy.
func (q *Question) other(name, state string) error {
	o := Other{Cluster: name, Path: "clusters/" + name + "/cluster.yaml"}
	switch state {
	case "behind":
	case "sick":
		o.Current, o.Trouble = true, "node i-1 is not ready"
	case "halted":
		o.Busy, o.Halted, o.Trouble = true, true, "the roll halted"
	case "busy":
		o.Busy, o.Current, o.Risk = true, true, diff.RiskRolling
	case "rolling":
		o.Busy, o.Current, o.Risk = true, true, diff.RiskQuorum
	default:
		since, err := time.ParseDuration(state)
		if err != nil {
			return err
		}
		o.Current, o.Healthy = true, q.Now.Add(-since)
	}
	q.Others = append(q.Others, o)
	return nil
}
