// Command mutate answers: would the chaos suite notice if a rule were missing?
//
// It takes one rule after the other out of a copy of its file, has the suite play against the program that
// is built with the copy in its place (go test -overlay; the tree itself stays as it is), and tells which
// seed noticed. A mutant that no seed notices is an error. Run it from the root of the repository.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A mutant is the program with one piece of text replaced by another.
type mutant struct {
	name     string
	file     string
	old, new string
	part     string // of the suite that has to notice
}

// mutants are the rules of the gate, one by one, and the doors in front of them. The gate's rules stand
// behind each other: on a day of a three-master cluster another one objects in nearly every case, so it is
// in front of a ring that each has to stand alone.
var mutants = append(rules(),
	mutant{"the gate is not asked", "apply/master.go", "\tverdict := s.mayGo(p.group.Ref())\n", "\tverdict := quorum.Verdict{Answer: quorum.Proceed}\n", "days"},
	mutant{"no snapshot is needed", "apply/master.go", "\tp.facts.Backups = p.standing.backups(", "\t_ = p.standing.backups(", "days"},
	mutant{"clients need not be gone", "apply/master.go", "\tp.facts.Balancers = p.mine.balancers\n", "", "days"},
	mutant{"leaders need not hand over", "apply/rollout/master.go", handedOver, "\tcase !m.Sure:\n\t\treturn Move{Verb: AskAgain}\n", "days"},
	mutant{"other zones need not be back", "apply/gate.go", "\t\t\tunderWay = append(underWay, m.zone)\n", "", "days"},
)

// handedOver is how a roll sees to it that no leader goes.
const handedOver = `	case !m.HandedOver:
		return Move{Verb: HandOver}
	case !m.Sure:
		return Move{Verb: AskAgain}
	case m.Leads && !m.Downtime:
		return Move{Wait: fmt.Sprintf("leadership of etcd came back to machine %s in %s, and is handed over again", m.ID, m.Zone)}
`

const rulesFile = "apply/quorum/rules.go"

// rules has a mutant for every line of the gate's table.
func rules() []mutant {
	var all []mutant
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		return nil // told by run: the other mutants are not found either
	}
	for _, m := range regexp.MustCompile(`(?m)^\t\{"([^"]+)", (?:Wait|Refuse), .*\},\n`).FindAllStringSubmatch(string(text), -1) {
		all = append(all, mutant{"rule: " + m[1], rulesFile, m[0], "", "gate"})
	}
	return all
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	seeds := flag.Int("seeds", 200, "seeds within which each mutant has to be noticed")
	only := flag.String("only", "", "try only mutants whose name contains this")
	flag.Parse()
	if err := run(ctx, os.Stdout, *seeds, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, seeds int, only string) error {
	const row = "%-34s %5v %7v  %s\n"
	fmt.Fprintf(out, row, "mutant", "seed", "after", "noticed by")
	var survivors []string
	for _, m := range mutants {
		if !strings.Contains(m.name, only) {
			continue
		}
		began := time.Now()
		seed, by, err := m.play(ctx, seeds)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if seed == 0 {
			survivors = append(survivors, m.name)
			by = "nobody"
		}
		fmt.Fprintf(out, row, m.name, seed, time.Since(began).Round(time.Second), by)
	}
	if len(survivors) > 0 {
		return fmt.Errorf("nobody noticed within %d seeds: %s", seeds, strings.Join(survivors, ", "))
	}
	return nil
}

// atOnce is how many seeds are played side by side: in front of a ring most of the time is waiting.
var atOnce = map[string]string{"days": "4", "gate": "12"}

// play runs the suite against the mutant, and says at which seed it turned red, and why.
func (m mutant) play(ctx context.Context, seeds int) (seed int, by string, err error) {
	dir, err := os.MkdirTemp("", "quorate-mutant-")
	if err != nil {
		return 0, "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	overlay, err := m.overlay(dir)
	if err != nil {
		return 0, "", err
	}
	test := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-vet=off", "-count=1", "-timeout", "3h", "-run", "^TestChaos$", "./internal/chaos",
		"-seeds", strconv.Itoa(seeds), "-part", m.part, "-stop", "-at-once", atOnce[m.part])
	output, err := test.CombinedOutput()
	if err == nil {
		return 0, "", nil
	}
	if _, ended := errors.AsType[*exec.ExitError](err); !ended {
		return 0, "", err
	}
	return noticed(output)
}

func (m mutant) overlay(dir string) (path string, err error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return "", fmt.Errorf("%s holds %d times %q", m.file, n, m.old)
	}
	mutated := filepath.Join(dir, "mutated.go")
	if err := os.WriteFile(mutated, bytes.Replace(text, []byte(m.old), []byte(m.new), 1), 0o600); err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, plan, 0o600)
}

var (
	failedDay = regexp.MustCompile(`--- FAIL: TestChaos/(\d+)`)
	verdict   = regexp.MustCompile(`(?m)^\s*((?:\S+: )?(?:the gate says|quorum is lost|.*: of etcd|.*: there is no fresh|.*: clients are|.*: the machine leads|.*is under way:|.*had \d of|.* did not end).*)$`)
)

// noticed reads the report of a red run. One without a red day is no verdict: the mutant did not compile.
func noticed(output []byte) (seed int, by string, err error) {
	day := failedDay.FindSubmatch(output)
	if day == nil {
		return 0, "", fmt.Errorf("the suite did not run:\n%s", output)
	}
	if seed, err = strconv.Atoi(string(day[1])); err != nil {
		return 0, "", err
	}
	if reasons := verdict.FindAllSubmatch(output, -1); reasons != nil {
		by = string(reasons[len(reasons)-1][1])
	}
	return seed, by, nil
}
