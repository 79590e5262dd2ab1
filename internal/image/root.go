package image

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// certificates is the first place in which Go looks for the authorities that it trusts.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// A file is one of the image; a folder if it has no data.
type file struct {
	name  string // absolute
	mode  int64
	owner int
	data  []byte
}

// around is what is in the image besides the program. There are no time zones among it, since the program
// brings its own, and no Git, which is built in.
func around() ([]file, error) {
	trusted, err := authorities()
	if err != nil {
		return nil, err
	}
	return []file{
		{name: "/etc", mode: 0o755},
		{name: "/etc/group", mode: 0o644, data: fmt.Appendf(nil, "root:x:0:\nquorate:x:%d:\n", User)},
		{name: "/etc/passwd", mode: 0o644, data: fmt.Appendf(nil, "root:x:0:0:root:/:/sbin/nologin\nquorate:x:%[1]d:%[1]d:quorate:%[2]s:/sbin/nologin\n", User, State)},
		{name: "/etc/ssl", mode: 0o755},
		{name: "/etc/ssl/certs", mode: 0o755},
		{name: certificates, mode: 0o644, data: trusted},
		{name: "/tmp", mode: 0o1777},
		{name: "/var", mode: 0o755},
		{name: "/var/lib", mode: 0o755},
		{name: State, mode: 0o700, owner: User},
	}, nil
}

// authorities are those that Mozilla trusts, as the Go team keeps them. Left out are the few whose trust
// ends at a date, which a file cannot say: trusting them for ever would be more than Mozilla does.
//
// They are a file rather than built into the program, so that SSL_CERT_DIR can add others to them.
func authorities() ([]byte, error) {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// pack makes a layer of files, which stand in an order in which each folder comes before what is in it.
func pack(files []file, created time.Time) (v1.Layer, error) {
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	for _, f := range files {
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.name, "/"), Mode: f.mode, Size: int64(len(f.data)),
			Uid: f.owner, Gid: f.owner, ModTime: created.UTC().Truncate(time.Second), Format: tar.FormatPAX,
		}
		if f.data == nil {
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}
