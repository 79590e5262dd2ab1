package topology

import (
	"testing"
	"time"
)

func TestTheNoteOfATakeoverIsReadAsItWasWritten(t *testing.T) {
	written := Replaces{AWSName: "api-ha-example-com-9e692d", Since: time.Date(2026, 8, 6, 12, 0, 0, 0, time.UTC)}
	if got := written.Tag(); got != "api-ha-example-com-9e692d@2026-08-06T12:00:00Z" {
		t.Errorf("written as %q", got)
	}
	if read, ok := ParseReplaces(written.Tag()); !ok || read != written {
		t.Errorf("read as %+v, %t", read, ok)
	}
	for _, strange := range []string{"", "api", "api@", "api@yesterday", "2026-08-06T12:00:00Z"} {
		if read, ok := ParseReplaces(strange); ok {
			t.Errorf("%q is taken for %+v", strange, read)
		}
	}
}
