package prices

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Table is list prices by AWS region.
type Table struct {
	Regions map[string]Region `json:"regions"`
}

// A Region has prices in one currency: US dollars, or yuan in the partition of China.
type Region struct {
	Currency string `json:"currency"`
	// Instances are on-demand Linux machines of shared tenancy by type, an hour.
	Instances Section `json:"instances,omitzero"`
	// Rates are everything else, by the names of [Rate].
	Rates Section `json:"rates,omitzero"`
}

// A Section is prices that come from one source.
type Section struct {
	// Date is the day of the prices, as YYYY-MM-DD.
	Date string `json:"date"`
	// Source says where they come from and how far to trust them.
	Source string             `json:"source"`
	Prices map[string]float64 `json:"prices"`
}

// A Rate names the price of something that is no instance.
type Rate string

// The rates. Sizes are GiB, throughput is MiB/s, and both are by the month; the AWS
// price list has the units in its product attributes. Of io2's IOPS those above 32,000
// and those above 64,000 are cheaper.
const (
	GP2Size          Rate = "gp2/gib"
	GP3Size          Rate = "gp3/gib"
	GP3IOPS          Rate = "gp3/iops"
	GP3Throughput    Rate = "gp3/mibps"
	IO1Size          Rate = "io1/gib"
	IO1IOPS          Rate = "io1/iops"
	IO2Size          Rate = "io2/gib"
	IO2IOPS          Rate = "io2/iops"
	IO2IOPSAbove32k  Rate = "io2/iops-above-32000"
	IO2IOPSAbove64k  Rate = "io2/iops-above-64000"
	ST1Size          Rate = "st1/gib"
	SC1Size          Rate = "sc1/gib"
	StandardSize     Rate = "standard/gib"
	NetworkLBHour    Rate = "network-load-balancer/hour"
	NetworkLBUnit    Rate = "network-load-balancer/unit-hour"
	ClassicLBHour    Rate = "classic-load-balancer/hour"
	NATGatewayHour   Rate = "nat-gateway/hour"
	PublicIPv4Hour   Rate = "public-ipv4/hour"
	CrossZoneTraffic Rate = "cross-zone/gib" // in each direction
)

// Rates lists every rate.
func Rates() []Rate {
	return []Rate{
		GP2Size, GP3Size, GP3IOPS, GP3Throughput, IO1Size, IO1IOPS,
		IO2Size, IO2IOPS, IO2IOPSAbove32k, IO2IOPSAbove64k, ST1Size, SC1Size, StandardSize,
		NetworkLBHour, NetworkLBUnit, ClassicLBHour, NATGatewayHour, PublicIPv4Hour, CrossZoneTraffic,
	}
}

//go:embed prices.json
var bundled []byte

// Bundled is the table inside this program; each section says of when and from where it is.
func Bundled() (Table, error) {
	t, err := Parse(bundled)
	if err != nil {
		return Table{}, fmt.Errorf("the bundled prices: %w", err)
	}
	return t, nil
}

// Parse reads a table and refuses one that could not be told from a good one later: without
// a date, with a rate that nobody asks for, or with a price that is not positive.
func Parse(data []byte) (Table, error) {
	var t Table
	if err := json.Unmarshal(data, &t); err != nil {
		return Table{}, fmt.Errorf("read prices: %w", err)
	}
	if len(t.Regions) == 0 {
		return Table{}, fmt.Errorf("read prices: there is no region")
	}
	for _, name := range slices.Sorted(maps.Keys(t.Regions)) {
		if err := t.Regions[name].check(); err != nil {
			return Table{}, fmt.Errorf("read prices: %s: %w", name, err)
		}
	}
	return t, nil
}

func (r Region) check() error {
	if r.Currency == "" {
		return fmt.Errorf("there is no currency")
	}
	for key := range r.Rates.Prices {
		if !slices.Contains(Rates(), Rate(key)) {
			return fmt.Errorf("%q is no rate", key)
		}
	}
	for _, s := range []Section{r.Instances, r.Rates} {
		if err := s.check(); err != nil {
			return err
		}
	}
	return nil
}

func (s Section) check() error {
	if len(s.Prices) == 0 {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		return fmt.Errorf("the date %q is not like 2006-01-02", s.Date)
	}
	for key, price := range s.Prices {
		if price <= 0 {
			return fmt.Errorf("the price of %s is %v", key, price)
		}
	}
	return nil
}

// With is the table with the regions of the other one in place of its own.
func (t Table) With(other Table) Table {
	regions := maps.Clone(t.Regions)
	if regions == nil {
		regions = map[string]Region{}
	}
	maps.Copy(regions, other.Regions)
	return Table{regions}
}

// instance is the price of an hour, if it is known.
func (r Region) instance(kind string) amount { return amountOf(r.Instances.Prices, kind) }

func (r Region) rate(name Rate) amount { return amountOf(r.Rates.Prices, string(name)) }

func amountOf(prices map[string]float64, key string) amount {
	price, known := prices[key]
	return amount{price, known}
}

// currencyOf is what AWS bills in, also where the table has no prices.
func currencyOf(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "CNY"
	}
	return "USD"
}
