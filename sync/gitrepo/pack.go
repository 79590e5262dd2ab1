package gitrepo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// bounded is the mirror's store with limits to what one fetch may bring: what go-git takes in, it takes in
// whole, one object at a time, and a megabyte of zeros compresses to a kilobyte.
type bounded struct {
	*filesystem.Storage
	limits Limits
}

// PackfileWriter is where go-git writes what it fetches.
func (b bounded) PackfileWriter() (io.WriteCloser, error) {
	f, err := os.CreateTemp(b.Filesystem().Root(), "incoming-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil { // so that a killed process leaves nothing behind
		return nil, errors.Join(err, f.Close())
	}
	return &incoming{b: b, f: f, left: b.limits.PackBytes}, nil
}

// incoming is a pack that is looked at on disk before anything of it is taken in.
type incoming struct {
	b      bounded
	f      *os.File
	left   int64
	failed error
}

func (in *incoming) Write(p []byte) (int, error) {
	if in.left -= int64(len(p)); in.left < 0 {
		in.failed = fmt.Errorf("%w: a fetch of more than %d bytes", ErrTooLarge, in.b.limits.PackBytes)
		return 0, in.failed
	}
	n, err := in.f.Write(p)
	in.failed = err
	return n, err
}

func (in *incoming) Close() error {
	err := in.failed
	if err == nil && in.left < in.b.limits.PackBytes {
		err = in.take()
	}
	return errors.Join(err, in.f.Close())
}

func (in *incoming) take() error {
	if _, err := in.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := in.b.limits.inspect(in.f); err != nil {
		return err
	}
	if _, err := in.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w, err := in.b.Storage.PackfileWriter()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in.f)
	return errors.Join(err, w.Close())
}

// inspect reads through a pack, keeping nothing of it, and refuses one with too many objects or too large a one.
func (l Limits) inspect(pack io.Reader) error {
	s := packfile.NewScanner(pack)
	_, count, err := s.Header()
	if err != nil {
		return err
	}
	if int64(count) > l.Objects {
		return fmt.Errorf("%w: a fetch of %d objects", ErrTooLarge, count)
	}
	for range count {
		object, err := s.NextObjectHeader()
		if err != nil {
			return err
		}
		size := object.Length
		if size <= l.ObjectBytes {
			var beginning delta
			if _, _, err := s.NextObject(&beginning); err != nil {
				return err
			}
			if object.Type.IsDelta() {
				size = max(size, beginning.target())
			}
		}
		if size > l.ObjectBytes {
			return fmt.Errorf("%w: an object of %d bytes", ErrTooLarge, size)
		}
	}
	return nil
}

// delta keeps the first bytes of what is written to it, which say how large a delta's result is.
type delta struct {
	first [2 * binary.MaxVarintLen64]byte
	n     int
}

func (d *delta) Write(p []byte) (int, error) {
	d.n += copy(d.first[d.n:], p)
	return len(p), nil
}

// target is the size of the result. https://git-scm.com/docs/pack-format#_deltified_representation
func (d *delta) target() int64 {
	_, n := binary.Uvarint(d.first[:d.n])
	size, m := binary.Uvarint(d.first[max(n, 0):d.n])
	if n <= 0 || m <= 0 || int64(size) < 0 {
		return 1 << 62 // no delta that anybody should apply
	}
	return int64(size)
}
