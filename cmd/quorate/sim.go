package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
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

  quorate apply --file examples/ha.example.com --proxy socks5://127.0.0.1:4567

What goes wrong in the region is set by flags, or later by putting all faults there are to
be; a zone that is not named comes up again:

  curl -X PUT -d '{"zonesDown": ["us-east-1b"], "throttle": 5}' http://127.0.0.1:4566/_faults`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:4566", "address to serve AWS's APIs on")
	f.StringVar(&s.socks, "socks", "127.0.0.1:4567", "address of the SOCKS5 proxy to the machines; empty for none")
	f.StringVar(&s.region, "region", "us-east-1", "region to be")
	f.StringSliceVar(&s.zones, "zones", nil, "zones it has (default its a, b and c)")
	f.Uint8Var(&s.network.Octet, "loopback", 0, "have all machines in 127.N.0.0/16, so that regions side by side do not meet (default N as in their addresses)")
	f.StringVar(&s.dir, "dir", "", "folder for volumes (default a temporary one)")
	f.DurationVar(&s.latency, "latency", 0, "time added to every call, e.g. 30ms")
	f.Float64Var(&s.speed, "speed", 20, "how much faster than the wall clock the region lives")
	s.faults.flags(c)
	f.StringSliceVar(&s.domains, "hosted-zone", []string{"example.com"}, "public hosted zone that the account has, as clusters make none; may be repeated")
	c.RunE = func(c *cobra.Command, _ []string) error { return s.run(c.Context(), c.OutOrStdout()) }
	return c
}

// simulation is one simulated region served alone.
type simulation struct {
	listen, socks, region, dir string
	zones, domains             []string
	network                    simnet.Network
	latency                    time.Duration
	speed                      float64
	faults                     faults
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
	if len(s.zones) == 0 {
		s.zones = []string{s.region + "a", s.region + "b", s.region + "c"}
	}
	machines, err := machine.New(machine.Config{Network: s.network})
	if err != nil {
		return err
	}
	defer machines.Close()
	region := awssim.New(awssim.Config{
		Region: s.region, Zones: s.zones, Clock: awssim.NewScaledClock(s.speed), Latency: s.latency,
		Dir: filepath.Join(s.dir, "volumes"), Network: s.network, Boot: machines.Boot,
	})
	defer region.Close()
	for _, domain := range s.domains {
		if err := region.AddHostedZone(domain); err != nil {
			return fmt.Errorf("--hosted-zone %s: %w", domain, err)
		}
	}
	url, stop, err := s.serve(region)
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

// serve answers AWS's calls, and the switches of the faults beside them.
func (s simulation) serve(region *awssim.Region) (url string, stop func(), err error) {
	switches := &switchboard{region: region, zones: s.zones}
	if err := switches.set(s.faults); err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return "", nil, fmt.Errorf("serve the simulated region: %w", err)
	}
	// Not a ServeMux: it would tidy the paths, and those of AWS are not ours to tidy.
	either := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == faultsPath {
			switches.ServeHTTP(w, r)
			return
		}
		region.ServeHTTP(w, r)
	})
	server := &http.Server{Handler: either, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), func() { server.Close() }, nil
}
