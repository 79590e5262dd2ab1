package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/machine"
	"github.com/quorate/quorate/internal/awssim/socks"
)

func simCommand() *cobra.Command {
	var s simulation
	c := &cobra.Command{
		Use:   "sim",
		Short: "Serve a simulated AWS region over HTTP, alone",
		Long: `Serve a simulated AWS region in AWS's own wire protocols, for the SDKs, the aws command
and any other client:

  AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x \
    aws --region us-east-1 ec2 describe-vpcs

Its control-plane machines run real etcd members on loopback addresses. Their simulated
addresses are reached through the SOCKS5 proxy, as those of a private cluster through ssh -D:

  quorate apply --file examples/ha.example.com --proxy socks5://127.0.0.1:4567`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:4566", "address to serve AWS's APIs on")
	f.StringVar(&s.socks, "socks", "127.0.0.1:4567", "address of the SOCKS5 proxy to the machines; empty for none")
	f.StringVar(&s.region, "region", "us-east-1", "region to be")
	f.StringVar(&s.dir, "dir", "", "folder for volumes (default a temporary one)")
	f.DurationVar(&s.latency, "latency", 0, "time added to every call, e.g. 30ms")
	f.Float64Var(&s.speed, "speed", 20, "how much faster than the wall clock the region lives")
	c.RunE = func(c *cobra.Command, _ []string) error { return s.run(c.Context(), c.OutOrStdout()) }
	return c
}

// simulation is one simulated region served alone.
type simulation struct {
	listen, socks, region, dir string
	latency                    time.Duration
	speed                      float64
}

// run serves until ctx ends.
func (s simulation) run(ctx context.Context, out io.Writer) error {
	if s.dir == "" {
		temporary, err := os.MkdirTemp("", "quorate-sim-")
		if err != nil {
			return fmt.Errorf("make a folder for volumes: %w", err)
		}
		defer os.RemoveAll(temporary) //nolint:errcheck // a temporary folder
		s.dir = temporary
	}
	machines, err := machine.New(machine.Config{})
	if err != nil {
		return err
	}
	defer machines.Close()
	region := awssim.New(awssim.Config{
		Region: s.region, Clock: awssim.NewScaledClock(s.speed), Latency: s.latency,
		Dir: filepath.Join(s.dir, "volumes"), Boot: machines.Boot,
	})
	defer region.Close()
	url, stop, err := region.Listen(s.listen)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out, "region %s at %s, %.0f times the wall clock\n", s.region, url, s.speed)
	if s.socks != "" {
		address, stopProxy, err := socks.Listen(s.socks, machines.DialContext)
		if err != nil {
			return err
		}
		defer stopProxy()
		fmt.Fprintf(out, "machines through socks5://%s\n", address)
	}
	<-ctx.Done()
	return nil
}
