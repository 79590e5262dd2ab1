package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// getMain is the program: get URL
//
// It prints what the answer is, and then what is in it.
func getMain() {
	resp, err := http.Get(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("HTTP", resp.StatusCode)
	io.Copy(os.Stdout, resp.Body)
	resp.Body.Close()
}

// receiveMain is the program: receive
//
// It takes whatever is posted to it, and prints that in a line.
func receiveMain() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("receiving at", listener.Addr())
	http.Serve(listener, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(string(body))
	}))
}

// learnCommand is: learn VARIABLE REGEXP FILE
//
// It waits until the file matches, and sets the variable to the first group.
func learnCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "learn VARIABLE REGEXP FILE")
	eventuallyCommand(ts, false, []string{args[1], "cat", args[2]})
	ts.Setenv(args[0], regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile(args[2]))[1])
}

var (
	servedMetric     = regexp.MustCompile(`(?m)^# TYPE (quorate_\w+) (\w+)$`)
	documentedMetric = regexp.MustCompile("(?m)^\\| `(quorate_\\w+)` \\| (\\w+) \\|")
)

// metricsCommand is: metrics-are-documented FILE
//
// It compares what was served with docs/metrics.md, both ways.
func metricsCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "metrics-are-documented FILE")
	page, err := os.ReadFile("../../docs/metrics.md")
	ts.Check(err)
	list := func(pattern *regexp.Regexp, text string) (all []string) {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			all = append(all, strings.Join(m[1:], " "))
		}
		slices.Sort(all)
		return all
	}
	if d := cmp.Diff(list(documentedMetric, string(page)), list(servedMetric, ts.ReadFile(args[0]))); d != "" {
		ts.Fatalf("documented (-) and served (+):\n%s", d)
	}
}
