package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/pricelist"
	"github.com/quorate/quorate/internal/prices"
)

func pricesCommand() *cobra.Command {
	c := &cobra.Command{Use: "prices", Short: "Look after the prices that plans are reckoned with"}
	c.AddCommand(pricesRefreshCommand())
	return c
}

func pricesRefreshCommand() *cobra.Command {
	var regions []string
	var output string
	c := &cobra.Command{
		Use:   "refresh",
		Short: "Fetch list prices from AWS's pricing API, for plans to use in place of the bundled ones",
		Long: `Fetch the list prices of one or more regions from AWS's pricing API and write them to a
file. Without --output it is quorate/prices.json in the user's configuration, which plans
take by themselves; any other file is for --prices. Regions that the file has already and
that are not asked for stay as they are. The credentials need pricing:GetProducts.`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringSliceVar(&regions, "region", nil, "region to fetch; may be repeated (default those of the bundled prices)")
	c.Flags().StringVar(&output, "output", "", "file to write (default quorate/prices.json in the user's configuration)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if output == "" {
			var err error
			if output, err = pricesFile(); err != nil {
				return fmt.Errorf("--output is required here: %w", err)
			}
		}
		if len(regions) == 0 {
			bundled, err := prices.Bundled()
			if err != nil {
				return err
			}
			regions = slices.Sorted(maps.Keys(bundled.Regions))
		}
		return refreshPrices(c, regions, output)
	}
	return c
}

// refreshPrices writes the file only if every region answered.
func refreshPrices(c *cobra.Command, regions []string, file string) error {
	table, err := pricesIn(file)
	if err != nil {
		return err
	}
	for _, name := range regions {
		region, missing, err := fetchPrices(c.Context(), name)
		if err != nil {
			return explained(err)
		}
		table = table.With(prices.Table{Regions: map[string]prices.Region{name: region}})
		fmt.Fprintf(c.OutOrStdout(), "%s: %d instance types and %d rates of %s\n", name, len(region.Instances.Prices), len(region.Rates.Prices), region.Instances.Date)
		for _, rate := range missing {
			fmt.Fprintf(c.ErrOrStderr(), "%s: AWS's list has no single price of %s; it stays unknown\n", name, rate)
		}
	}
	var text bytes.Buffer
	if err := writeJSON(&text, table); err != nil {
		return err
	}
	if _, err := prices.Parse(text.Bytes()); err != nil {
		return fmt.Errorf("what AWS answered is no price table: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

// pricesIn reads what is in the file already; none is an empty table.
func pricesIn(file string) (prices.Table, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return prices.Table{}, nil
	}
	if err != nil {
		return prices.Table{}, err
	}
	table, err := prices.Parse(data)
	if err != nil {
		return prices.Table{}, fmt.Errorf("%s is there and is no price table; it was not touched: %w", file, err)
	}
	return table, nil
}

func fetchPrices(ctx context.Context, region string) (prices.Region, []prices.Rate, error) {
	clients, err := awsapi.Load(ctx, awsapi.Options{Region: pricelist.Endpoint(region), SessionName: "quorate"})
	if err != nil {
		return prices.Region{}, nil, err
	}
	return pricelist.Fetch(ctx, clients.Pricing, region)
}
