package main

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker (see the Makefile); a `go install` has it from the
// module's build information.
var version = ""

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "quorate",
		Short: "Keep highly available Kubernetes clusters on AWS equal to what Git says",
		Long: `Quorate reads kops v1alpha2 manifests, works out the AWS resources each cluster
should have, compares them with what AWS has, and applies ordered changes: one
control-plane zone at a time, never losing etcd quorum.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		// Before anything is done, not when the first line is to be printed.
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if _, err := painter(c); err != nil {
				return err
			}
			_, err := logger(c)
			return err
		},
	}
	root.PersistentFlags().String("color", "auto", "colour the text output: auto (on a terminal), always, never")
	root.PersistentFlags().String("log-level", "info", "least level of the log on standard error: debug, info, warn, error")
	root.AddCommand(
		validateCommand(), topologyCommand(), planCommand(), importCommand(), applyCommand(),
		runCommand(), checkCommand(), explainCommand(), historyCommand(), auditCommand(),
		pricesCommand(), demoCommand(), simCommand(), versionCommand(),
	)
	return root
}

func versionCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if output == "json" {
				return writeJSON(c.OutOrStdout(), map[string]string{"version": versionText()})
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "quorate", versionText())
			return err
		},
	}
	outputFlag(c, &output, "text", "json")
	return c
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "development"
}

// logger writes to standard error, so that the output of a command stays clean.
func logger(c *cobra.Command) (*slog.Logger, error) {
	text, err := c.Flags().GetString("log-level")
	if err != nil {
		return nil, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return nil, fmt.Errorf("--log-level %q: use debug, info, warn or error", text)
	}
	return slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level})), nil
}
