package sync

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/schedule"
)

// serveAmong runs the service of one repository of several.
func serveAmong(t *testing.T, w *world, claims *Claims, name string, own func(string) bool) {
	t.Helper()
	stream, err := schedule.New(schedule.Config{Poll: 30 * time.Second, Drift: "0 0 1 1 *", Rand: func() float64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	s := New(Config{
		Repository: &w.branch, Poster: &w.wall, Schedule: stream, Run: w.run, Look: w.look, Log: slog.New(slog.DiscardHandler),
		Own: own, Claimant: claims.Claimant(name, func() { stream.Wake("") }),
	})
	go s.Run(ctx)
	t.Cleanup(func() { stop(); synctest.Wait() })
}

func openClaims(t *testing.T, file string, names ...string) *Claims {
	t.Helper()
	claims, err := OpenClaims(file, names)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestAClusterThatTwoRepositoriesDescribeIsAppliedFromNeitherUntilOneGivesItUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := openClaims(t, filepath.Join(t.TempDir(), "claims.json"), "blue", "green")
		var blue, green world
		blue.branch.push("1", map[string]string{"x": named("x.example.com"), "y": named("y.example.com")})
		green.branch.push("a", map[string]string{"z": named("z.example.com")})
		serveAmong(t, &blue, claims, "blue", nil)
		serveAmong(t, &green, claims, "green", nil)
		synctest.Wait()
		if diff := cmp.Diff([]string{"1 x.example.com", "1 y.example.com"}, blue.ran()); diff != "" {
			t.Errorf("blue alone (-want +got):\n%s", diff)
		}
		green.ran()

		green.branch.push("b", map[string]string{"z": named("z.example.com"), "mine": named("x.example.com")})
		time.Sleep(time.Minute)
		if ran := append(blue.ran(), green.ran()...); len(ran) > 0 {
			t.Errorf("applied although two describe it: %v", ran)
		}
		for who, s := range map[string]commitstatus.Status{"green": blue.wall.last("quorate/manifests/x"), "blue": green.wall.last("quorate/manifests/mine")} {
			if s.State != commitstatus.Failure || !strings.Contains(s.Description, "cluster x.example.com is described in this repository and in "+who) {
				t.Errorf("said: %+v", s)
			}
		}

		blue.branch.push("2", map[string]string{"y": named("y.example.com")})
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"b x.example.com"}, green.ran()); diff != "" {
			t.Errorf("after blue gave it up (-want +got):\n%s", diff)
		}
		if s := green.wall.last("quorate/manifests/mine"); s.State != commitstatus.Success {
			t.Errorf("said in the end: %+v", s)
		}
	})
}

func TestARepositoryThatCannotBeReachedAfterARestartKeepsItsClusters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "claims.json")
		before := openClaims(t, file, "blue", "green", "gone")
		for _, name := range []string{"blue", "gone"} {
			if _, err := before.Claimant(name, nil).claim([]string{name + ".example.com"}, false); err != nil {
				t.Fatal(err)
			}
		}
		claims := openClaims(t, file, "blue", "green")
		var blue, green world
		blue.branch.err = context.DeadlineExceeded
		green.branch.push("a", map[string]string{"b": named("blue.example.com"), "g": named("gone.example.com")})
		serveAmong(t, &blue, claims, "blue", nil)
		serveAmong(t, &green, claims, "green", nil)
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"a gone.example.com"}, green.ran()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestAManifestThatBrokeGivesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := openClaims(t, filepath.Join(t.TempDir(), "claims.json"), "blue", "green")
		var blue, green world
		blue.branch.push("1", map[string]string{"x": named("x.example.com")})
		serveAmong(t, &blue, claims, "blue", nil)
		synctest.Wait()
		blue.branch.push("2", map[string]string{"x": "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nnonsense: 1\n"})
		time.Sleep(time.Minute)
		green.branch.push("a", map[string]string{"x": named("x.example.com")})
		serveAmong(t, &green, claims, "green", nil)
		time.Sleep(time.Minute)
		if ran := green.ran(); len(ran) > 0 {
			t.Errorf("green took over: %v", ran)
		}
	})
}

func TestOnlyOwnClustersAreRunFromABranch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := openClaims(t, filepath.Join(t.TempDir(), "claims.json"), "main", "v1")
		var main, tag world
		units := map[string]string{"x": named("x.example.com"), "y": named("y.example.com")}
		main.branch.push("1", units)
		tag.branch.push("a", units)
		serveAmong(t, &main, claims, "main", func(name string) bool { return name != "x.example.com" })
		serveAmong(t, &tag, claims, "v1", func(name string) bool { return name == "x.example.com" })
		time.Sleep(time.Minute)
		got := slices.Concat(main.ran(), tag.ran())
		if diff := cmp.Diff([]string{"1 y.example.com", "a x.example.com"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestDamagedClaimsAreNotTakenForNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "claims.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenClaims(file, nil); err == nil {
		t.Error("opened")
	}
}
