package main

import (
	"bytes"
	"errors"
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files in the scripts")

// patience is when a script gives up waiting: far above what anything here needs, on a
// computer that is busy with something else.
const patience = 90 * time.Second

// process is a program that a script started and left running.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// background is the key of a script's processes, by name.
type background struct{}

func processes(ts *testscript.TestScript) map[string]*process {
	return ts.Value(background{}).(map[string]*process)
}

// startCommand is: start NAME PROGRAM ARG…
//
// The program runs on, and what it prints goes to NAME.log.
func startCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "start NAME PROGRAM ARG…")
	name := args[0]
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	log, err := os.OpenFile(ts.MkAbs(name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	ts.Check(err)
	defer log.Close()
	p := &process{cmd: exec.Command(program, args[2:]...), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = ts.MkAbs("."), environment(ts)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	ts.Check(p.cmd.Start())
	go func() {
		defer close(p.done)
		p.cmd.Wait() // its code is read from ProcessState
	}()
	processes(ts)[name] = p
	ts.Defer(func() {
		if p.cmd.Process.Kill() == nil {
			<-p.done
		}
		said, _ := os.ReadFile(ts.MkAbs(name + ".log"))
		ts.Logf("[%s.log]\n%s", name, said)
	})
}

// environment is the script's own; only a program that it runs can tell.
func environment(ts *testscript.TestScript) []string {
	ts.Check(ts.Exec("sh", "-c", "env -0 >$TMPDIR/env"))
	all := ts.ReadFile(filepath.Join(ts.Getenv("TMPDIR"), "env"))
	return strings.Split(strings.TrimSuffix(all, "\x00"), "\x00")
}

// exitsCommand is: exits CODE PROGRAM ARG…
//
// It is exec for those who look at the exit code: CI does.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "exits CODE PROGRAM ARG…")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ended := errors.AsType[*exec.ExitError](err)
		if !ended {
			ts.Check(err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, not %d", code, want)
	}
}

// endCommand is: end NAME TERM|INT|KILL [CODE]
//
// It signals the process, and waits until it has ended with the code, by default 0. A
// killed one has no code.
func endCommand(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL}
	usage(ts, !neg && (len(args) == 2 || len(args) == 3) && signals[args[1]] != 0, "end NAME TERM|INT|KILL [CODE]")
	p := processes(ts)[args[0]]
	if p == nil {
		ts.Fatalf("no process %s was started", args[0])
	}
	want := 0
	if len(args) == 3 {
		var err error
		want, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	select {
	case <-p.done:
		ts.Fatalf("%s ended by itself: %s", args[0], p.cmd.ProcessState)
	default:
	}
	ts.Check(p.cmd.Process.Signal(signals[args[1]]))
	select {
	case <-p.done:
	case <-time.After(patience):
		ts.Fatalf("%s did not end on SIG%s", args[0], args[1])
	}
	if code := p.cmd.ProcessState.ExitCode(); args[1] != "KILL" && code != want {
		ts.Fatalf("%s ended with %d, not %d", args[0], code, want)
	}
}

// eventuallyCommand is: eventually REGEXP PROGRAM ARG…
//
// It runs the program again and again, until what it prints matches. That is how a
// script waits: for a condition, never for a time.
func eventuallyCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "eventually REGEXP PROGRAM ARG…")
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	env := environment(ts)
	var said []byte
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		cmd := exec.Command(program, args[2:]...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), env
		said, _ = cmd.CombinedOutput() // its code says less than its words
		if found := pattern.Find(said); found != nil {
			ts.Logf("%s", found)
			return
		}
	}
	ts.Fatalf("no %q after %s; at last %s said:\n%s", args[0], patience, args[1], said)
}

var (
	endpointLine = regexp.MustCompile(`region \S+ at (\S+),`)
	proxyLine    = regexp.MustCompile(`machines through (\S+)`)
)

// simCommandOfScript is: sim [FLAG…]
//
// It starts a simulated region that nobody else sees, far faster than the wall clock,
// and points AWS_ENDPOINT_URL at it and PROXY at its machines.
func simCommandOfScript(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg, "sim [FLAG…]")
	octet, release, err := claimOctet()
	ts.Check(err)
	ts.Defer(release)
	startCommand(ts, false, append([]string{"sim", "quorate", "sim", "--listen", "127.0.0.1:0", "--socks", "127.0.0.1:0",
		"--loopback", strconv.Itoa(octet), "--speed", "200"}, args...))
	eventuallyCommand(ts, false, []string{proxyLine.String(), "cat", "sim.log"})
	log := ts.ReadFile("sim.log")
	ts.Setenv("AWS_ENDPOINT_URL", endpointLine.FindStringSubmatch(log)[1])
	ts.Setenv("PROXY", proxyLine.FindStringSubmatch(log)[1])
}

// faultsCommandOfScript is: faults JSON
//
// It sets what goes wrong in the region from now on, as curl -X PUT would.
func faultsCommandOfScript(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "faults JSON")
	request, err := http.NewRequest(http.MethodPut, ts.Getenv("AWS_ENDPOINT_URL")+faultsPath, strings.NewReader(args[0]))
	ts.Check(err)
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		var why bytes.Buffer
		why.ReadFrom(answer.Body)
		ts.Fatalf("faults: %s: %s", answer.Status, &why)
	}
}

// repositoryCommand is: repository NAME
//
// It makes the bare repository NAME.git, as a Git host has it, and the empty clone NAME.
func repositoryCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "repository NAME")
	ts.Check(ts.Exec("git", "init", "-q", "--bare", "-b", "main", args[0]+".git"))
	ts.Check(ts.Exec("git", "init", "-q", "-b", "main", args[0]))
	ts.Check(ts.Exec("git", "-C", args[0], "remote", "add", "origin", "../"+args[0]+".git"))
}

// pushCommand is: push CLONE MESSAGE [FLAG…]
//
// It commits everything in the clone and pushes it to main, with flags for git push.
func pushCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "push CLONE MESSAGE [FLAG…]")
	ts.Check(ts.Exec("git", "-C", args[0], "add", "-A"))
	ts.Check(ts.Exec("git", "-C", args[0], "commit", "-q", "-m", args[1]))
	ts.Check(ts.Exec("git", append([]string{"-C", args[0], "push", "-q", "origin", "HEAD:main"}, args[2:]...)...))
}

// editCommand is: edit FILE OLD NEW
//
// It replaces every OLD, and there must be one.
func editCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "edit FILE OLD NEW")
	before := ts.ReadFile(args[0])
	after := strings.ReplaceAll(before, args[1], args[2])
	if before == after {
		ts.Fatalf("%s holds no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o600))
}

func usage(ts *testscript.TestScript, ok bool, line string) {
	if !ok {
		ts.Fatalf("usage: %s", line)
	}
}
