package etcdmember

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/durable"
)

func onVolume(t *testing.T) Config {
	t.Helper()
	c := memberA()
	c.Volume = t.TempDir()
	c.PeerURLs = map[string]string{"a": c.PeerURLs["a"]}
	return c
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLookSeesWhatIsOnTheVolume(t *testing.T) {
	identity := memberA().identity()
	identity.Created = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		fill  func(t *testing.T, volume string)
		facts Facts
	}{
		{"nothing", func(*testing.T, string) {}, Facts{}},
		{"a fresh file system", func(t *testing.T, v string) { put(t, v+"/lost+found/x", "") }, Facts{}},
		{"data that was set aside", func(t *testing.T, v string) {
			put(t, v+"/data.before-20261121T040000.000000000Z/member/wal/0-0.wal", "x")
		}, Facts{}},
		{"somebody's files", func(t *testing.T, v string) { put(t, v+"/backups/x", "") }, Facts{Strange: []string{"backups"}}},
		{"a database without a log", func(t *testing.T, v string) { put(t, v+"/data/member/snap/db", "x") }, Facts{}},
		{"a log still in the making", func(t *testing.T, v string) { put(t, v+"/data/member/wal.tmp/0.wal", "x") }, Facts{}},
		{"a log", func(t *testing.T, v string) { put(t, v+"/data/member/wal/0-0.wal", "x") }, Facts{Data: true}},
		{"an identity", func(t *testing.T, v string) {
			if err := writeIdentity(v, identity); err != nil {
				t.Fatal(err)
			}
		}, Facts{Identity: identity}},
		{"an identity that was being written", func(t *testing.T, v string) { put(t, filepath.Join(v, identityFile+durable.Unfinished), "{") }, Facts{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := onVolume(t)
			tc.fill(t, c.Volume)
			got, err := Look(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.facts, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnIdentityThatCannotBeReadIsNotTakenForNone(t *testing.T) {
	for _, text := range []string{"", "{", "null", "{}", "\x00\x00\x00"} {
		c := onVolume(t)
		put(t, filepath.Join(c.Volume, identityFile), text)
		if f, err := Look(t.Context(), c); err == nil || !strings.Contains(err.Error(), identityFile) {
			t.Errorf("%q: got %+v, %v", text, f, err)
		}
	}
}

func TestAVolumeThatIsNotThereIsAnError(t *testing.T) {
	c := onVolume(t)
	c.Volume += "/gone"
	if _, err := Look(t.Context(), c); err == nil {
		t.Error("no error")
	}
}

func TestPeersAreHeardOnlyWithoutData(t *testing.T) {
	asked := 0
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Write([]byte(`[{"id":1,"peerURLs":["http://b:2380"],"name":"b","clientURLs":["http://b:4001"]}]`))
	}))
	defer peer.Close()
	nonsense := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>")) }))
	defer nonsense.Close()
	c := onVolume(t)
	c.PeerURLs["b"], c.PeerURLs["c"], c.PeerURLs["d"] = peer.URL, nonsense.URL, "http://127.0.0.1:1"

	f, err := Look(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	want := []Peer{{ID: 1, Name: "b", PeerURLs: []string{"http://b:2380"}, ClientURLs: []string{"http://b:4001"}}}
	if diff := cmp.Diff(want, f.Peers); diff != "" {
		t.Error(diff)
	}
	put(t, c.Volume+"/data/member/wal/0-0.wal", "x")
	if f, err = Look(t.Context(), c); err != nil || len(f.Peers) > 0 || asked != 1 {
		t.Errorf("with data: %+v, %v, asked %d times", f, err, asked)
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no cluster", func(c *Config) { c.Cluster = "" }, "no cluster"},
		{"no volume", func(c *Config) { c.Volume = "" }, "no volume"},
		{"not in its own list", func(c *Config) { c.Member = "x" }, "not among"},
		{"a peer without a host", func(c *Config) { c.PeerURLs["b"] = "2380" }, "is no URL"},
		{"no client URL", func(c *Config) { c.ClientURL = "" }, "is no URL"},
		{"no address", func(c *Config) { c.ListenPeer = c.ListenClient; c.ListenClient = memberless }, "no address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := onVolume(t)
			tc.change(&c)
			if _, err := Look(t.Context(), c); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestThePeerThatKnowsMostIsHeard(t *testing.T) {
	c := onVolume(t)
	for name, list := range map[string]string{
		"b": `[{"peerURLs":["http://b:2380"],"name":"b","clientURLs":["http://b:4001"]}]`,
		"c": `[{"peerURLs":["http://b:2380"],"name":"b"},{"peerURLs":["` + c.PeerURLs["a"] + `"],"name":"a","clientURLs":["http://a:4001"]}]`,
		"d": `[{"peerURLs":["` + c.PeerURLs["a"] + `"],"name":"a"}]`,
	} {
		peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(list)) }))
		defer peer.Close()
		c.PeerURLs[name] = peer.URL
	}
	f, err := Look(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decide(f, c); !errors.Is(err, ErrNeedsRepair) {
		t.Errorf("decided %v from %+v", err, f.Peers)
	}
}
