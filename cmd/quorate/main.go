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
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// Exit codes. CI knows 2 as "there are changes" from other planners.
const (
	exitDone    = 0
	exitError   = 1
	exitChanges = 2
)

// An exitCode ends the command with that code, and nothing more to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func run(ctx context.Context, args []string) int {
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "quorate:", err)
	return exitError
}
