package machine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/simnet"
)

// parentVariable makes the test program a parent of one machine, with an octet and a folder of its own.
const parentVariable = "QUORATE_TEST_PARENT"

func parent() {
	octet, dir, _ := strings.Cut(os.Getenv(parentVariable), " ")
	n, err := strconv.Atoi(octet)
	if err != nil {
		panic(err)
	}
	m, err := New(Config{Network: simnet.Network{Octet: byte(n)}})
	if err != nil {
		panic(err)
	}
	e := etcd("main", 4001, 2380, "a")
	volume := awssim.AttachableVolume{ID: "vol-1", Tags: map[string]string{"k8s.io/etcd/main": "a/a"}}
	if _, err := m.Boot(context.Background(), awssim.Machine{
		InstanceID: "i-a", PrivateIP: netip.MustParseAddr("172.20.1.5"), UserData: []byte(userDataOf("a", e)),
		Volumes: func(map[string]string) []awssim.AttachableVolume { return []awssim.AttachableVolume{volume} },
		Attach:  func(string, string) (string, error) { return dir, nil },
		Receive: noMessages,
	}); err != nil {
		panic(err)
	}
	fmt.Println("booted")
	select {}
}

func TestNoMachineOutlivesAParentThatWasKilled(t *testing.T) {
	l := newLab(t) // for its network
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", parentVariable, l.config.Network.Octet, t.TempDir()))
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "booted\n" {
		t.Fatalf("%q, %v", line, err)
	}
	eventually(t, "the machine", l.readyz("172.20.1.5"))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	eventually(t, "the machine's end", func(ctx context.Context) error {
		if conn, err := l.DialContext(ctx, "tcp", "172.20.1.5:2380"); err == nil {
			conn.Close()
			return errors.New("its member still listens")
		}
		return nil
	})
}
