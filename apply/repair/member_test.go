package repair

import (
	"testing"
	"time"
)

func TestWhatIsDoneAboutAMemberThatDoesNotStart(t *testing.T) {
	now := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	long, short := now.Add(-2*BackLimit), now.Add(-time.Minute)
	events, main := Member{Etcd: "events", Name: "b"}, Member{Etcd: "main", Name: "b"}
	corrupt := Member{Etcd: "main", Name: "b", Corrupt: true}
	sick := func(at time.Time) Marks { return Marks{Sick: Mark{At: at, Machine: "i-2"}} }
	second := Marks{Ended: Mark{At: long, Machine: "i-1"}}
	secondMarked := Marks{Ended: Mark{At: long, Machine: "i-1"}, Sick: Mark{At: short, Machine: "i-2"}}

	for _, tc := range []struct {
		name     string
		unwell   []Member
		joins    bool
		away     bool // its machine does not stand with its volumes
		launched time.Time
		marks    Marks
		want     Verb
	}{
		{"corrupt, at once", []Member{corrupt}, false, false, short, Marks{}, Rejoin},
		{"one of two, in its time", []Member{main}, false, false, long, sick(short), Wait},
		{"one of two, after its time", []Member{main}, false, false, long, sick(long), Rejoin},
		{"both, after their time: it may be the machine", []Member{events, main}, false, false, long, sick(long), End},
		{"both, on the second machine, which boots", []Member{events, main}, false, false, short, second, none},
		{"both, on the second machine too", []Member{events, main}, false, false, long, second, Rejoin},
		{"both, added again a moment ago", []Member{events, main}, false, false, long, secondMarked, Wait},
		{"one, added again a moment ago, on the second machine", []Member{main}, false, false, long, secondMarked, Wait},
		{"a volume that is not there is no matter of data", []Member{main}, false, true, long, sick(long), End},
		{"to be asked in by the growth, however long that takes", nil, true, false, long, sick(long), none},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := Master{
				Group: Group{Now: now, Desired: 1, Pinned: "1", Marks: tc.marks}, Zone: "us-test-1b", Missing: []string{"member b is not well"},
				Machines: []Machine{{ID: "i-2", Version: "1", Launched: tc.launched}}, Stands: !tc.away, Seats: 2, Unwell: tc.unwell, Joins: tc.joins,
			}
			want := tc.want
			if want == none {
				want = ""
			}
			if got := m.Judge(); got.Verb != want || got.Verb == Rejoin && len(got.Lost) != len(tc.unwell) {
				t.Errorf("%q: %s; want %q", got.Verb, got.Sentence, want)
			}
		})
	}
}
