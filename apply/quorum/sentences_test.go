package quorum

import "testing"

func TestSentences(t *testing.T) {
	learner := three(Healthy, Healthy, Healthy)
	learner.Members[2].Learner = true
	underWay := three(Healthy, Healthy, Healthy)
	underWay.UnderWay = []string{"us-test-1c", "us-test-1b", "us-test-1b"}
	pair := Cluster{Name: "events", Members: []Member{
		{Name: "a", Zone: "us-test-1a", Health: Healthy}, {Name: "b", Zone: "us-test-1a", Health: Healthy},
	}}
	for _, tc := range []struct {
		name   string
		in     Cluster
		out    func(Member) bool
		answer Answer
		want   string
	}{
		{"one of three", three(Healthy, Healthy, Healthy), named("b"), Proceed,
			"main: b (us-test-1b) may be down: 2 of 3 voters stay healthy, and a majority is 2."},
		{"nobody", three(Healthy, Healthy, Healthy), nobody, Proceed,
			"main: 3 of 3 voters are healthy, and a majority is 2."},
		{"unknown", three(Unknown, Unknown, Unknown), named("b"), Wait,
			"main: the health of a (us-test-1a), b (us-test-1b) and c (us-test-1c) is unknown."},
		{"learner", learner, named("b"), Wait,
			"main: c (us-test-1c) must catch up and get a vote first."},
		{"under way", underWay, named("a"), Wait,
			"main: work in us-test-1b and us-test-1c is not finished, and only one zone at a time may be down."},
		{"several zones", three(Healthy, Healthy, Healthy), func(m Member) bool { return m.Name != "a" }, Refuse,
			"main: b (us-test-1b) and c (us-test-1c) are in different zones, and only one zone at a time may be down."},
		{"never", pair, named("a"), Refuse,
			"events: without a (us-test-1a) only 1 of 2 voters would be left, and a majority is 2."},
		{"no voters", Cluster{Name: "main"}, nobody, Refuse, "main: no member has a vote."},
		{"too few", three(Healthy, Healthy, Unhealthy), named("a"), Wait,
			"main: without a (us-test-1a) only 1 of 3 voters would stay healthy, and a majority is 2; c (us-test-1c) must recover first."},
		{"too few as it is", three(Healthy, Unhealthy, Unhealthy), nobody, Wait,
			"main: only 1 of 3 voters are healthy, and a majority is 2; b (us-test-1b) and c (us-test-1c) must recover first."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Decide(tc.in, tc.out)
			if v.Answer != tc.answer || v.Reason != tc.want {
				t.Errorf("got  %v: %s\nwant %v: %s", v.Answer, v.Reason, tc.answer, tc.want)
			}
		})
	}
}

func TestMarginCountsVotersOnly(t *testing.T) {
	c := three(Healthy, Unhealthy, Healthy)
	c.Members = append(c.Members, Member{Name: "d", Zone: "us-test-1a", Health: Healthy, Learner: true})
	want := Margin{Voters: 3, HealthyNow: 2, HealthyAfter: 1, Majority: 2}
	if got := Decide(c, named("a")).Margin; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
