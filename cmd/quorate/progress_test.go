package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vbauerster/mpb/v8"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

var (
	vpcMade       = apply.Outcome{Ref: topology.Ref{Kind: topology.KindVPC, Name: "a.example.com"}, Effect: diff.Create, State: apply.Done}
	subnetWaiting = apply.Outcome{Ref: topology.Ref{Kind: topology.KindSubnet, Name: "us-east-1a.a.example.com"}, Effect: diff.Create, State: apply.Waiting, Reason: "AWS is throttling our calls"}
	subnetMade    = apply.Outcome{Ref: subnetWaiting.Ref, Effect: diff.Create, State: apply.Done}
)

func TestALogHasALineForEachStepDoneAndEachNewReasonToWait(t *testing.T) {
	var out bytes.Buffer
	p := &lines{w: &out}
	p.pass(2)
	p.outcome(vpcMade)
	p.outcome(subnetWaiting)
	p.waits("subnet/us-east-1a.a.example.com: AWS is throttling our calls")
	p.pass(1)
	p.outcome(subnetWaiting)
	p.waits("subnet/us-east-1a.a.example.com: AWS is throttling our calls")
	p.pass(1)
	p.outcome(subnetMade)
	p.waits("")
	p.end()
	want := `  create vpc/a.example.com
  … subnet/us-east-1a.a.example.com: AWS is throttling our calls
  create subnet/us-east-1a.a.example.com
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// screen is a terminal that is read while it is written.
type screen struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

func (s *screen) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		if strings.Contains(s.text(), text) {
			return
		}
	}
	t.Fatalf("never %q on the screen:\n%s", text, s.text())
}

func TestATerminalHasABarBelowTheLines(t *testing.T) {
	var out screen
	p := newBar(&out, mpb.WithAutoRefresh(), mpb.WithWidth(120), mpb.WithRefreshRate(time.Millisecond))
	p.pass(2)
	out.await(t, "pass 1: 0 of 2 done")
	p.outcome(vpcMade)
	p.outcome(subnetWaiting)
	out.await(t, "create vpc/a.example.com\n")
	out.await(t, "pass 1: 1 of 2 done")
	out.await(t, "] subnet/us-east-1a.a.example.com: AWS")
	p.waits("subnet/us-east-1a.a.example.com: AWS is throttling our calls")
	out.await(t, "  … subnet/us-east-1a.a.example.com: AWS is throttling our calls\n")
	p.pass(1)
	p.outcome(subnetMade)
	out.await(t, "pass 2: 1 of 1 done")
	p.pass(0)
	out.await(t, "pass 3: all made, coming up")
	p.end()
}
