package etcdmember

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

// identityFile lies at the root of the volume and dataFolder beside it.
const (
	identityFile = "quorate-etcd-member.json"
	dataFolder   = "data"
)

// Identity says whom a volume belongs to. It is written before the member's first start, so that data
// without an identity is never ours.
type Identity struct {
	Cluster string `json:"cluster"`
	Etcd    string `json:"etcd"`
	Member  string `json:"member"`
	Token   string `json:"token"`
	// Created is when the volume was taken for this member.
	Created time.Time `json:"created"`
	// FirstStarted is when the member first was part of a working cluster. From then on an empty data
	// folder is a loss; before, it is a first start that was interrupted.
	FirstStarted time.Time `json:"firstStarted,omitzero"`
}

// Started reports whether the member has been part of a working cluster.
func (i Identity) Started() bool { return !i.FirstStarted.IsZero() }

// String names the owner of a volume.
func (i Identity) String() string {
	return fmt.Sprintf("member %s of etcd %s of %s (token %s)", i.Member, i.Etcd, i.Cluster, i.Token)
}

func (i Identity) same(other Identity) bool {
	return i.Cluster == other.Cluster && i.Etcd == other.Etcd && i.Member == other.Member && i.Token == other.Token
}

func (c Config) identity() Identity {
	return Identity{Cluster: c.Cluster, Etcd: c.Etcd, Member: c.Member, Token: c.Token()}
}

// readIdentity returns the zero Identity if the volume has none. One that cannot be read is an error: it
// may be somebody's.
func readIdentity(volume string) (Identity, error) {
	text, err := os.ReadFile(filepath.Join(volume, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, nil
	}
	if err != nil {
		return Identity{}, err
	}
	var i Identity
	if err := json.Unmarshal(text, &i); err != nil {
		return Identity{}, fmt.Errorf("%s: %w", identityFile, err)
	}
	if (i == Identity{}) {
		return Identity{}, fmt.Errorf("%s: names nobody", identityFile)
	}
	return i, nil
}

// writeIdentity leaves either the old or the new identity on the volume, whenever the power fails.
func writeIdentity(volume string, i Identity) error {
	text, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(volume, identityFile), append(text, '\n'))
}
