package etcdmember

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"google.golang.org/protobuf/proto"
)

// IDs are the numbers that etcd gave to a member and to its cluster. A member that was removed and added
// again is another member, with another number.
type IDs struct{ Member, Cluster uint64 }

// hasData looks for what etcd itself looks for. It puts the write-ahead log in place with one rename.
func hasData(volume string) (bool, error) {
	segments, err := logSegments(volume)
	return len(segments) > 0, err
}

func logSegments(volume string) ([]string, error) {
	folder := filepath.Join(volume, dataFolder, "member", "wal")
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var segments []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".wal" {
			segments = append(segments, filepath.Join(folder, e.Name()))
		}
	}
	return segments, err
}

// dataOwner reads whose data it is out of the write-ahead log. etcd writes that at the head of every
// segment, so that any segment will do whose beginning is whole; zero if there is none.
func dataOwner(volume string) IDs {
	segments, _ := logSegments(volume)
	for _, segment := range slices.Backward(segments) {
		if ids, err := segmentOwner(segment); err == nil {
			return ids
		}
	}
	return IDs{}
}

// segmentOwner reads the first records of a segment: a checksum that the others build on, then the owner.
func segmentOwner(path string) (IDs, error) {
	f, err := os.Open(path)
	if err != nil {
		return IDs{}, err
	}
	defer f.Close()
	records := wal.NewDecoder(fileutil.NewFileReader(f))
	for {
		var record walpb.Record
		if err := records.Decode(&record); err != nil {
			return IDs{}, err
		}
		switch record.GetType() {
		case wal.CrcType:
			records.UpdateCRC(record.GetCrc())
		case wal.MetadataType:
			var owner etcdserverpb.Metadata
			err := proto.Unmarshal(record.Data, &owner)
			return IDs{Member: owner.GetNodeID(), Cluster: owner.GetClusterID()}, err
		}
	}
}
