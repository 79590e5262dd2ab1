package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/internal/prices"
)

func pricesFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "prices", "", "price table that overrides the bundled one by region (default quorate/prices.json in the user's configuration, if it is there)")
}

// priceTable is the bundled table, with the regions of the file on top. Without a file
// named, the one that `quorate prices refresh` writes is taken, if there is one.
func priceTable(file string) (prices.Table, error) {
	table, err := prices.Bundled()
	if err != nil {
		return prices.Table{}, err
	}
	usual := file == ""
	if usual {
		if file, err = pricesFile(); err != nil {
			return table, nil //nolint:nilerr // a user without a configuration folder has no file in it
		}
	}
	data, err := os.ReadFile(file)
	if usual && errors.Is(err, fs.ErrNotExist) {
		return table, nil
	}
	if err != nil {
		return prices.Table{}, fmt.Errorf("--prices: %w", err)
	}
	own, err := prices.Parse(data)
	if err != nil {
		return prices.Table{}, fmt.Errorf("%s: %w", file, err)
	}
	return table.With(own), nil
}

// pricesFile is where refreshed prices are kept for this user.
func pricesFile() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, "quorate", "prices.json"), nil
}
