package kopsmade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/quorate/quorate/internal/awsapi"
)

// UserData is what every launch template gets that brings none: the beginning of kops's own.
const UserData = `#!/bin/bash
set -o errexit
set -o nounset
set -o pipefail
NODEUP_URL_AMD64=https://artifacts.k8s.io/binaries/kops/1.34.0/linux/amd64/nodeup
export AWS_REGION=us-east-1
`

// attributes are what Terraform knows of a resource once it is made.
type attributes map[string]string

// address is a block of a document, data.TYPE.LABEL for those that are looked up.
type address struct{ typ, label string }

func (a address) String() string { return a.typ + "." + a.label }

// maker is one run of Make.
type maker struct {
	awsapi.Clients

	resources map[string]creator // see resources.go; a field, as its rows use the maker
	blocks    map[address]block
	setting   Setting
	made      map[address]attributes
	underway  map[address]bool
}

// Made gives an attribute of what was made, by its type, its label and the attribute's name, as in the
// expressions of Terraform; empty if there is none.
type Made func(typ, label, attribute string) string

// Setting is what a document is made in.
type Setting struct {
	// Cluster is the cluster's name.
	Cluster string
	// Zone is the id of the hosted zone with the cluster's names; empty for a cluster without DNS.
	Zone string
	// IPv6 says that machines are reached by IPv6.
	IPv6 bool
	// Variables are values for those of the document.
	Variables map[string]string
	// Wait lets the time pass that AWS takes for what is made not at once: NAT gateways and the
	// ranges of VPCs. Nil where nothing is to be waited for.
	Wait func(context.Context) error
}

// Make makes all resources of a document, each after those that it refers to. Made can be asked after
// an error, too.
func Make(ctx context.Context, clients awsapi.Clients, document []byte, setting Setting) (Made, error) {
	var d struct{ Resource, Data map[string]map[string]block }
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read the Terraform document: %w", err)
	}
	m := &maker{Clients: clients, resources: resources, setting: setting, blocks: map[address]block{}, made: map[address]attributes{}, underway: map[address]bool{}}
	for typ, byLabel := range d.Resource {
		for label, b := range byLabel {
			m.blocks[address{typ, label}] = b
		}
	}
	for typ, byLabel := range d.Data {
		for label, b := range byLabel {
			m.blocks[address{"data." + typ, label}] = b
		}
	}
	made := func(typ, label, attribute string) string { return m.made[address{typ, label}][attribute] }
	order := slices.SortedFunc(maps.Keys(m.blocks), func(a, b address) int { return slices.Compare([]string{a.typ, a.label}, []string{b.typ, b.label}) })
	for _, a := range order {
		if _, err := m.make(ctx, a); err != nil {
			return made, err
		}
	}
	return made, m.placeholders(ctx)
}

// make makes one resource, unless it is there, after what it needs.
func (m *maker) make(ctx context.Context, a address) (attributes, error) {
	if known, done := m.made[a]; done {
		return known, nil
	}
	b, known := m.blocks[a]
	create := m.resources[a.typ]
	switch {
	case !known:
		return nil, fmt.Errorf("%s is referred to, and not in the document", a)
	case create == nil:
		return nil, fmt.Errorf("%s is of a type that is not known here", a)
	case m.underway[a]:
		return nil, fmt.Errorf("%s needs itself", a)
	}
	m.underway[a] = true
	resolved, err := m.resolve(ctx, map[string]any(b))
	if err != nil {
		return nil, err
	}
	made, err := create(m, ctx, resolved.(map[string]any))
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", a, err)
	}
	m.made[a] = made
	return made, nil
}

// attribute is a value that Terraform knows after making a resource.
func (m *maker) attribute(ctx context.Context, a address, name string) (string, error) {
	made, err := m.make(ctx, a)
	if err != nil {
		return "", err
	}
	value, known := made[name]
	if !known {
		return "", errors.New(a.String() + " has no attribute " + name + " here")
	}
	return value, nil
}

func (m *maker) wait(ctx context.Context) error {
	if m.setting.Wait == nil {
		return nil
	}
	return m.setting.Wait(ctx)
}
