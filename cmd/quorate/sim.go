package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/machine"
	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/internal/awssim/socks"
)

func simCommand() *cobra.Command {
	var listen, proxy, region, dir string
	var latency time.Duration
	var speed float64
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
	f.StringVar(&listen, "listen", "127.0.0.1:4566", "address to serve AWS's APIs on")
	f.StringVar(&proxy, "socks", "127.0.0.1:4567", "address of the SOCKS5 proxy to the machines; empty for none")
	f.StringVar(&region, "region", "us-east-1", "region to be")
	f.StringVar(&dir, "dir", "", "folder for volumes (default a temporary one)")
	f.DurationVar(&latency, "latency", 0, "time added to every call, e.g. 30ms")
	f.Float64Var(&speed, "speed", 20, "how much faster than the wall clock the region lives")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if dir == "" {
			temporary, err := os.MkdirTemp("", "quorate-sim-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(temporary) //nolint:errcheck // a temporary folder
			dir = temporary
		}
		var network simnet.Network
		machines, err := machine.New(machine.Config{Network: network})
		if err != nil {
			return err
		}
		defer machines.Close()
		sim := awssim.New(awssim.Config{
			Region: region, Clock: awssim.NewScaledClock(speed), Latency: latency,
			Dir: filepath.Join(dir, "volumes"), Network: network, Boot: machines.Boot,
		})
		defer sim.Close()
		url, stop, err := sim.Listen(listen)
		if err != nil {
			return err
		}
		defer stop()
		fmt.Fprintf(c.OutOrStdout(), "region %s at %s, %.0f times the wall clock\n", region, url, speed)
		if proxy != "" {
			address, stopProxy, err := socks.Listen(proxy, machines.DialContext)
			if err != nil {
				return err
			}
			defer stopProxy()
			fmt.Fprintf(c.OutOrStdout(), "machines through socks5://%s\n", address)
		}
		<-c.Context().Done()
		return nil
	}
	return c
}
