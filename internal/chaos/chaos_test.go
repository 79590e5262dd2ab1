package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/storage/wal"

	"github.com/quorate/quorate/internal/awssim/machine"
)

var (
	seeds    = flag.Int("seeds", 3, "days to play, seeds 1 and up")
	oneSeed  = flag.Uint64("seed", 0, "play the day of this seed alone, and tell its story")
	parallel = flag.Int("at-once", 3, "seeds to play side by side")
	part     = flag.String("part", string(Both), "both, or days or gate alone")
	stop     = flag.Bool("stop", false, "play no more after the first seed on which a promise was broken")
)

func TestMain(m *testing.M) {
	// Members allocate their logs in whole segments of 64 MB, on disks of their own. Here dozens share one.
	wal.SegmentSizeBytes = 4 << 20
	if code, isMachine := machine.Main(); isMachine {
		os.Exit(code)
	}
	if code, isService := Main(); isService {
		os.Exit(code)
	}
	for key, value := range map[string]string{"AWS_ACCESS_KEY_ID": "chaos", "AWS_SECRET_ACCESS_KEY": "chaos", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": ""} {
		if err := os.Setenv(key, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// testLog is where services and machines complain.
type testLog struct{ *testing.T }

func (l testLog) Write(text []byte) (int, error) {
	l.Log(strings.TrimSpace(string(text)))
	return len(text), nil
}

// TestChaos plays days and adds up their figures.
func TestChaos(t *testing.T) {
	list := make([]uint64, *seeds)
	for i := range list {
		list[i] = uint64(i) + 1
	}
	if *oneSeed > 0 {
		list = []uint64{*oneSeed}
	}
	began := time.Now()
	var mu sync.Mutex
	var total Figures
	var red atomic.Bool
	slots := make(chan struct{}, *parallel)
	var playing sync.WaitGroup
	for _, seed := range list {
		slots <- struct{}{}
		if red.Load() && *stop {
			break
		}
		playing.Go(func() {
			defer func() { <-slots }()
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				v, err := Play(context.WithoutCancel(t.Context()), Draw(seed), Part(*part), testLog{t})
				if err != nil {
					fmt.Printf("seed %d was not played: %v\n", seed, err)
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				total.Add(v.Figures)
				fmt.Printf("seed %d: %s, %d broken promises, %s\n", seed, v.Plan.Course.Name, len(v.Broken), v.Figures.Wall.Round(time.Second))
				switch {
				case len(v.Broken) > 0:
					red.Store(true)
					fmt.Println(v) // at once: a long run tells what it has found
					t.Errorf("%d promises were broken", len(v.Broken))
				case *oneSeed > 0:
					t.Log(v)
				}
			})
		})
	}
	playing.Wait()
	if err := total.Table(os.Stdout); err != nil {
		t.Fatal(err)
	}
	t.Logf("took %s", time.Since(began).Round(time.Second))
}
