package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/picture"
	"github.com/quorate/quorate/internal/terraform"
	"github.com/quorate/quorate/topology"
)

func topologyCommand() *cobra.Command {
	var file, output string
	c := &cobra.Command{
		Use:   "topology --file F",
		Short: "Print the AWS resources that a manifest asks for, without AWS",
		Long: `Print the AWS resources that a manifest asks for, without AWS.

A manifest does not say which account it is for. In Terraform's form the account
is that of the environment variable AWS_ACCOUNT_ID, or else looked up by Terraform.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cluster, warnings, err := oneCluster(c.ErrOrStderr(), file)
			if err != nil {
				return err
			}
			for _, warning := range warnings {
				fmt.Fprintln(c.ErrOrStderr(), warning)
			}
			return printTopology(c.OutOrStdout(), output, cluster)
		},
	}
	c.Flags().StringVarP(&file, "file", "f", "", "the manifest, or a folder of manifests, of one cluster")
	outputFlag(c, &output, append([]string{"table", "json", "terraform"}, picture.Forms()...)...)
	return c
}

func printTopology(w io.Writer, output string, cluster desired.Cluster) error {
	switch output {
	case "json":
		return writeJSON(w, cluster.Topology)
	case "terraform":
		document, err := terraform.JSON(cluster.Topology, os.Getenv("AWS_ACCOUNT_ID"))
		if err != nil {
			return err
		}
		_, err = w.Write(append(document, 0x0a))
		return err
	case picture.DOT, picture.Mermaid, picture.SVG:
		return picture.Write(w, output, picture.OfCluster(cluster.Name, cluster.Region, cluster.Topology))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KIND\tNAME\tWHAT")
	for ref, r := range cluster.Topology.All() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", ref.Kind, ref.Name, what(r))
	}
	return table.Flush()
}

// what tells the facts of a resource that people look for first.
func what(r topology.Resource) string {
	switch r := r.(type) {
	case topology.VPC:
		return r.CIDR.String()
	case topology.Subnet:
		return r.Zone + " " + r.CIDR.String()
	case topology.RouteTable:
		return fmt.Sprintf("%d routes, %d subnets", len(r.Routes), len(r.Subnets))
	case topology.Volume:
		return fmt.Sprintf("%s %d GiB %s", r.Zone, r.SizeGiB, r.Type)
	case topology.EventRule:
		return "to " + r.Target.Name
	case topology.LifecycleHook:
		return fmt.Sprintf("%s after %d s", r.DefaultResult, r.Heartbeat)
	case topology.ScalingPolicy:
		return fmt.Sprintf("%s near %g", r.Metric, r.Target)
	case topology.Alarm:
		return fmt.Sprintf("%s of %s", r.Metric, r.Watches.Name)
	case topology.ScheduledAction:
		return fmt.Sprintf("%d to %d at %s", r.Min, r.Max, strings.TrimSpace(r.Recurrence+" "+r.TimeZone))
	case topology.TargetGroup:
		return fmt.Sprintf("%s %d", r.Protocol, r.Port)
	case topology.Listener:
		return r.Protocol + " to " + r.TargetGroup.Name
	case topology.DNSRecord:
		if r.Alias.IsZero() {
			return "kept by the dns-controller"
		}
		return "alias of " + r.Alias.Name
	case topology.LaunchTemplate:
		return r.InstanceType + " " + r.Image
	case topology.AutoScalingGroup:
		return fmt.Sprintf("%s, %d to %d in %s", r.Role, r.Min, r.Max, strings.Join(r.Zones, " "))
	}
	return ""
}
