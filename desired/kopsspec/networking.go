package kopsspec

import (
	"encoding/json"
	"maps"
	"slices"
)

// Networking is the choice of network plugin. Only the plugin's name and few of its settings shape
// AWS, so the choice is kept as the names of the fields that were written.
type Networking struct {
	Plugins []string // exactly one in a valid manifest, e.g. calico
	Cilium  Cilium
}

// Cilium is the part of Cilium's configuration that needs ports or permissions.
type Cilium struct {
	EtcdManaged bool   `json:"etcdManaged"`
	IPAM        string `json:"ipam"` // eni takes addresses from AWS network interfaces
}

// Plugin is the plugin in use, empty if none was chosen.
func (n Networking) Plugin() string {
	if len(n.Plugins) == 0 {
		return ""
	}
	return n.Plugins[0]
}

// UnmarshalJSON notes which plugins are present: most of them are empty objects.
func (n *Networking) UnmarshalJSON(data []byte) error {
	var plugins map[string]json.RawMessage
	if err := json.Unmarshal(data, &plugins); err != nil {
		return err
	}
	n.Plugins = slices.Sorted(maps.Keys(plugins))
	if cilium, ok := plugins["cilium"]; ok {
		return json.Unmarshal(cilium, &n.Cilium)
	}
	return nil
}
