package signature

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// pgpSigner is somebody's OpenPGP key with all its subkeys.
type pgpSigner struct {
	name   string
	entity *openpgp.Entity
}

// strong are the hashes that a signature may be made with; what is left out can be forged, or soon.
var strong = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512}

// readKey reads one public key, armored.
func readKey(text string) (*openpgp.Entity, error) {
	entities, err := openpgp.ReadArmoredKeyRing(strings.NewReader(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it is no armored OpenPGP public key: %w", err)
	case len(entities) != 1:
		return nil, fmt.Errorf("it holds %d keys; write one", len(entities))
	case entities[0].PrivateKey != nil:
		return nil, errors.New("it is a private key, which is no secret any more; export the public one, and revoke this")
	case len(entities[0].Identities) == 0:
		return nil, errors.New("it has no user id")
	}
	return entities[0], nil
}

func (p Policy) verifyOpenPGP(c Commit, now time.Time) (identity, error) {
	sig, err := readPGPSignature(c.Signature)
	if err != nil {
		return identity{}, errUnreadable
	}
	fault := errors.New("is signed with an OpenPGP key that nobody here has")
	for _, s := range p.pgp {
		// The key must be good then and now, like those of SSH.
		for _, t := range []time.Time{c.When, now} {
			if err = s.check(c.Signed, sig, t); err != nil {
				break
			}
		}
		if err == nil {
			return identity{[]string{s.name}, s.fingerprints()}, nil
		}
		if !errors.Is(err, errOther) {
			fault = err
		}
	}
	return identity{}, fault
}

// readPGPSignature unpacks the armor, which must hold one signature and nothing else.
func readPGPSignature(text string) ([]byte, error) {
	block, err := armor.Decode(strings.NewReader(text))
	if err != nil || block.Type != openpgp.SignatureType {
		return nil, errUnreadable
	}
	const most = 64 << 10
	data, err := io.ReadAll(io.LimitReader(block.Body, most))
	if err != nil {
		return nil, err
	}
	packets := packet.NewReader(bytes.NewReader(data))
	if first, err := packets.Next(); err != nil {
		return nil, err
	} else if _, ok := first.(*packet.Signature); !ok {
		return nil, errUnreadable
	}
	if _, err := packets.Next(); !errors.Is(err, io.EOF) {
		return nil, errUnreadable
	}
	return data, nil
}

// check verifies the signature as of a time.
func (s pgpSigner) check(signed, signature []byte, at time.Time) error {
	sig, _, err := openpgp.VerifyDetachedSignature(openpgp.EntityList{s.entity}, bytes.NewReader(signed), bytes.NewReader(signature), &packet.Config{Time: func() time.Time { return at }})
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return errOther
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		return fmt.Errorf("is signed with a key of %s that had expired on %s", s.name, at.UTC().Format(time.DateTime))
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return fmt.Errorf("is signed with a revoked key of %s", s.name)
	case err != nil:
		return errForged
	case !slices.Contains(strong, sig.Hash):
		return errors.New("is signed with an algorithm or a key that is too weak")
	case at.Before(s.entity.PrimaryKey.CreationTime):
		return fmt.Errorf("says that it was made before the key of %s was", s.name)
	}
	return nil
}

// fingerprints are those of the key and its subkeys, in lower-case hexadecimal.
func (s pgpSigner) fingerprints() []string {
	all := []string{hex.EncodeToString(s.entity.PrimaryKey.Fingerprint)}
	for _, sub := range s.entity.Subkeys {
		all = append(all, hex.EncodeToString(sub.PublicKey.Fingerprint))
	}
	return all
}

// withdrawn are the fingerprints of what the key's owner has revoked, by the key itself.
func (s pgpSigner) withdrawn() []string {
	if len(s.entity.Revocations) > 0 {
		return s.fingerprints()
	}
	var all []string
	for _, sub := range s.entity.Subkeys {
		if len(sub.Revocations) > 0 {
			all = append(all, hex.EncodeToString(sub.PublicKey.Fingerprint))
		}
	}
	return all
}
