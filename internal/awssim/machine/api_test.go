package machine

import (
	"errors"
	"log/slog"
	"net"
	"testing"
)

func TestTheEndpointIsThereWhileTheMembersServe(t *testing.T) {
	e := &endpoint{addr: freeAddr(t), logger: slog.New(slog.DiscardHandler)}
	defer e.down()
	unready := errors.New("no leader")
	for i, step := range []struct {
		probe error
		open  bool
	}{
		{unready, false}, {nil, true}, {nil, true}, {unready, true}, {nil, true}, {unready, true}, {unready, false}, {unready, false}, {nil, true},
	} {
		e.update(step.probe)
		conn, err := net.Dial("tcp", e.addr)
		if open := err == nil; open != step.open {
			t.Errorf("step %d: open is %v (%v)", i, open, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
