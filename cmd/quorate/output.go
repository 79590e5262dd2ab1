package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
)

// outputFlag adds --output with its choices, the first being the default.
func outputFlag(c *cobra.Command, value *string, choices ...string) {
	c.Flags().StringVarP(value, "output", "o", choices[0], "how to print: "+strings.Join(choices, ", "))
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return choices, cobra.ShellCompDirectiveNoFileComp
	}
	cobra.CheckErr(c.RegisterFlagCompletionFunc("output", complete))
	c.PreRunE = func(*cobra.Command, []string) error {
		if slices.Contains(choices, *value) {
			return nil
		}
		return fmt.Errorf("--output %q: use one of %s", *value, strings.Join(choices, ", "))
	}
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// terminal reports whether the command writes to a person's screen.
func terminal(c *cobra.Command) bool {
	file, ok := c.OutOrStdout().(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// painter colours effects on a terminal.
func painter(c *cobra.Command) (render.Painter, error) {
	colors, err := colored(c)
	if colors {
		return paint, err
	}
	return render.Plain, err
}

// colored reports whether the output is to have colours. NO_COLOR is honoured (https://no-color.org).
func colored(c *cobra.Command) (bool, error) {
	when, err := c.Flags().GetString("color")
	if err != nil {
		return false, err
	}
	switch when {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return terminal(c) && os.Getenv("NO_COLOR") == "", nil
	}
	return false, fmt.Errorf("--color %q: use auto, always or never", when)
}

var colors = map[diff.Effect]color.Attribute{
	diff.Create: color.FgGreen, diff.InPlace: color.FgCyan, diff.Roll: color.FgYellow,
	diff.Replace: color.FgMagenta, diff.Delete: color.FgRed, diff.Retire: color.FgRed, diff.Forbid: color.FgHiRed,
}

func paint(effect diff.Effect, text string) string { return inColor(colors[effect], text) }

func inColor(a color.Attribute, text string) string {
	c := color.New(a)
	c.EnableColor()
	return c.Sprint(text)
}
