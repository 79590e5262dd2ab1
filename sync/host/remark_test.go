package host

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestACommentIsCutAtALineWithEverythingClosed(t *testing.T) {
	body := "# Plan\n\n<details><summary>ha</summary>\n\n```diff\n- a\n+ b\n" + strings.Repeat("+ line\n", 100) + "```\n\n</details>\n"
	got := cut(body, 300, "https://quorate.example.com/plan/7")
	want := "# Plan\n\n<details><summary>ha</summary>\n\n```diff\n- a\n+ b\n" + strings.Repeat("+ line\n", 14) +
		"\n```\n\n</details>\n\n**Cut here**: all 111 lines are more than this host allows in a comment. [The full text](https://quorate.example.com/plan/7)\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhateverIsCutFitsAndIsBalanced(t *testing.T) {
	body := "<details>\n~~~~\n```\n</details>\n~~~~\n" + strings.Repeat("<details>\ntext …\n</details>\n`````go\n```\n`````\n", 300)
	for limit := 200; limit <= len(body)+1; limit += 97 {
		got := cut(body, limit, "")
		var n nesting
		for line := range strings.Lines(got) {
			n.read(line)
		}
		if len(got) > limit || n != (nesting{}) || !utf8.ValidString(got) || (len(body) > limit) != strings.Contains(got, "Cut here") {
			t.Fatalf("limit %d: %d bytes, open %+v", limit, len(got), n)
		}
	}
}

func TestOneHugeLineIsCutBetweenCharacters(t *testing.T) {
	for offset := range 4 {
		got := cut(strings.Repeat("x", offset)+strings.Repeat("🏠", 1000), 500, "")
		if !utf8.ValidString(got) || len(got) > 500 || strings.Count(got, "🏠") < 60 || !strings.Contains(got, "Cut here") {
			t.Errorf("%d: %q", offset, got)
		}
	}
}

func TestANameThatWouldBreakTheMarkerIsRefused(t *testing.T) {
	for _, name := range []string{"", "a b", "-->", "a\n", strings.Repeat("a", 65)} {
		if _, err := (Remark{Name: name}).text(1000); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

// thread is a pull request whose comments are in memory.
type thread struct {
	all  []Comment
	done []string
}

func (*thread) me(context.Context) (string, error) { return "Robot", nil }

func (th *thread) Comments(context.Context, int, time.Time) ([]Comment, error) {
	return slices.Clone(th.all), nil
}

func (th *thread) write(_ context.Context, _ int, body string) error {
	th.done = append(th.done, "write "+body)
	return nil
}

func (th *thread) edit(_ context.Context, _ int, id int64, body string) error {
	th.done = append(th.done, fmt.Sprintf("edit %d %s", id, body))
	return nil
}

func (th *thread) remove(_ context.Context, _ int, id int64) error {
	th.done = append(th.done, fmt.Sprintf("remove %d", id))
	return nil
}

func TestOneCommentOfOursIsKept(t *testing.T) {
	const marker = "<!-- quorate:plan -->\n"
	for _, c := range []struct {
		name string
		have []Comment
		want []string
	}{
		{"none yet", nil, []string{"write " + marker + "new"}},
		{"the same", []Comment{{ID: 1, Author: "robot", Body: marker + "new\r\n"}}, nil},
		{"another text", []Comment{{ID: 1, Author: "robot", Body: marker + "old"}}, []string{"edit 1 " + marker + "new"}},
		{"a copy of the marker", []Comment{{ID: 1, Author: "mallory", Body: marker + "new"}}, []string{"write " + marker + "new"}},
		{"the marker quoted", []Comment{{ID: 1, Author: "robot", Body: "> " + marker}}, []string{"write " + marker + "new"}},
		{"another remark", []Comment{{ID: 1, Author: "robot", Body: "<!-- quorate:plan-2 -->\nnew"}}, []string{"write " + marker + "new"}},
		{"two after a race", []Comment{{ID: 9, Author: "robot", Body: marker + "b"}, {ID: 4, Author: "robot", Body: marker + "a"}},
			[]string{"edit 4 " + marker + "new", "remove 9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			th := &thread{all: c.have}
			if err := keep(t.Context(), th, 7, Remark{Name: "plan", Body: "new"}, 1000); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, th.done); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
