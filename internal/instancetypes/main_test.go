package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/desired/instancetype"
	"github.com/quorate/quorate/internal/awssim"
)

// serve points the SDK to a simulated region.
func serve(t *testing.T) *awssim.Region {
	t.Helper()
	region := awssim.New(awssim.Config{})
	t.Cleanup(region.Close)
	url, stop, err := region.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	return region
}

func TestWhatAWSSellsIsWrittenDown(t *testing.T) {
	serve(t)
	var out strings.Builder
	if err := run(t.Context(), &out, "us-east-1", "a test", time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	head, lines, _ := strings.Cut(out.String(), strings.Join(instancetype.Columns, ",")+"\n")
	if !strings.HasSuffix(strings.SplitN(head, "\n", 2)[0], "types that 1 regions sell, as a test answered on 2026-08-01.") {
		t.Errorf("the head is %q", head)
	}
	var want strings.Builder
	for typ := range instancetype.All() {
		want.WriteString(typ.Line() + "\n")
	}
	if d := cmp.Diff(want.String(), lines); d != "" {
		t.Errorf("%s", d)
	}
}

func TestARegionThatDoesNotAnswerLeavesNoTable(t *testing.T) {
	serve(t).SetIntercept(awssim.OnOperation("ec2", "DescribeInstanceTypes", awssim.Deny))
	var out strings.Builder
	if err := run(t.Context(), &out, "us-east-1", "a test", time.Now()); err == nil || out.Len() > 0 {
		t.Errorf("%v, with %d bytes written", err, out.Len())
	}
}
