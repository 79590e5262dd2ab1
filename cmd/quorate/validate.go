package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
)

func validateCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "validate PATH…",
		Short: "Check manifests, without AWS, and print every problem",
		Long: `Check kops manifests and print every problem at once, each with its file, line, column
and YAML path; the rules in quorate.yaml, too. No AWS access is needed. Exits 1 if there is any error; warnings alone exit 0.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, paths []string) error {
			files, err := readManifests(paths...)
			if err != nil {
				return err
			}
			manifests, wrong := checkRules(files)
			clusters, problems := desired.Build(manifests)
			if problems = append(wrong, problems...); len(clusters) == 0 && len(problems) == 0 && len(manifests) == len(files) {
				return noCluster(paths...)
			}
			return printProblems(c, output, clusters, problems)
		},
	}
	outputFlag(c, &output, "text", "json")
	return c
}

func printProblems(c *cobra.Command, output string, clusters []desired.Cluster, problems []desired.Problem) error {
	failed := false
	for _, p := range problems {
		failed = failed || p.Severity == desired.Error
	}
	w := c.OutOrStdout()
	if output == "json" {
		names := []string{}
		for _, cluster := range clusters {
			names = append(names, cluster.Name)
		}
		if problems == nil {
			problems = []desired.Problem{}
		}
		if err := writeJSON(w, map[string]any{"clusters": names, "problems": problems}); err != nil {
			return err
		}
	} else {
		for _, p := range problems {
			fmt.Fprintln(w, p)
		}
		for _, cluster := range clusters {
			fmt.Fprintf(w, "%s: ok, %d resources in %s\n", cluster.Name, cluster.Topology.Len(), cluster.Region)
		}
	}
	if failed {
		return exitError(codeError)
	}
	return nil
}
