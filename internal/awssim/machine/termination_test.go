package machine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"

	"github.com/quorate/quorate/internal/awssim"
)

func terminationOf(transition string) string {
	return fmt.Sprintf(`{"source":"aws.autoscaling","detail":{"LifecycleTransition":%q,"AutoScalingGroupName":"nodes","LifecycleHookName":"down","EC2InstanceId":"i-1"}}`, transition)
}

func TestOnlyMachinesThatWaitForTheirEndAreLetGo(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want string
	}{
		"a machine that ends":      {terminationOf("autoscaling:EC2_INSTANCE_TERMINATING"), "nodes down i-1"},
		"a machine that starts":    {terminationOf("autoscaling:EC2_INSTANCE_LAUNCHING"), ""},
		"an event of another tale": {`{"source":"aws.health","detail":{"service":"EC2"}}`, ""},
		"no event at all":          {"hello", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			m := &Machines{logger: slog.New(slog.DiscardHandler)}
			m.letGo(awssim.Machine{Complete: func(group, hook, instance string) error {
				got = group + " " + hook + " " + instance
				return errors.New("it no longer waits") // which must trouble nobody
			}}, awssim.Message{Body: c.body})
			if got != c.want {
				t.Errorf("completed %q, want %q", got, c.want)
			}
		})
	}
}

func TestMessagesAreDeletedOnceHandled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	completed, deleted := "", ""
	m := &Machines{logger: slog.New(slog.DiscardHandler)}
	m.handleTerminations(ctx, awssim.Machine{
		Receive: func(queue string) []awssim.Message {
			if queue != "ha-example-com-nth" {
				t.Errorf("asked the queue %s", queue)
			}
			return []awssim.Message{{Receipt: "r", Body: terminationOf("autoscaling:EC2_INSTANCE_TERMINATING")}}
		},
		Complete: func(_, _, instance string) error { completed = instance; return nil },
		Delete:   func(_, receipt string) { deleted = receipt; stop() },
	}, "ha.example.com", l.Addr().String())
	if completed != "i-1" || deleted != "r" {
		t.Errorf("completed %q, deleted %q", completed, deleted)
	}
}

func TestADeadAPIServerAnswersNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if !answers(t.Context(), addr) {
		t.Error("a listener does not answer")
	}
	l.Close()
	if answers(t.Context(), addr) {
		t.Error("a closed listener answers")
	}
}

// noMessages is the queue of tests in which no machine waits for its end.
func noMessages(string) []awssim.Message { return nil }
