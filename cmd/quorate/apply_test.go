package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spf13/cobra"
)

func TestOnlyYesIsTakenAsYes(t *testing.T) {
	cases := []struct {
		name  string
		input io.Reader
		want  bool
	}{
		{"yes", strings.NewReader("yes\n"), true},
		{"yes with spaces, without an end of line", strings.NewReader(" yes "), true},
		{"no", strings.NewReader("no\n"), false},
		{"y", strings.NewReader("y\n"), false},
		{"nobody there", strings.NewReader(""), false},
		{"a broken terminal", iotest.ErrReader(io.ErrClosedPipe), false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := asked(t.Context(), &out, tc.input); got != tc.want {
				t.Errorf("got %t", got)
			}
			if changed := !strings.Contains(out.String(), "Nothing was changed."); changed != tc.want {
				t.Errorf("said %q", out.String())
			}
		})
	}
}

func TestCtrlCAtTheQuestionIsANo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	silence, _ := io.Pipe()
	var out bytes.Buffer
	if asked(ctx, &out, silence) || !strings.Contains(out.String(), "Nothing was changed.") {
		t.Errorf("said %q", out.String())
	}
}

func asked(ctx context.Context, out io.Writer, in io.Reader) bool {
	c := &cobra.Command{}
	c.SetIn(in)
	c.SetOut(out)
	return (&application{c: c}).ask(ctx)
}
