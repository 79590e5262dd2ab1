// Command quorate keeps highly available Kubernetes clusters on AWS equal to what a
// Git repository says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/quorate/quorate/internal/awssim/machine"
)

func main() {
	if code, simulated := machine.Main(); simulated {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process, whatever it is doing
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// Exit codes. CI knows 2 as "there are changes" from other planners.
const (
	codeDone    = 0
	codeError   = 1
	codeChanges = 2
	// codeUsage is of commands whose 1 says something of a cluster.
	codeUsage = 2
)

// A usageError is about the command line or the files that it names, and not about a cluster.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// An exitError ends the command with that code, and nothing more to say.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func run(ctx context.Context, args []string) int {
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return codeDone
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "quorate:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return codeUsage
	}
	return codeError
}
