package awssim

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// CBOR is RFC 8949. What is here is what AWS's clients write and read: no chunks beyond those of
// indefinite length, no bignums, and of the tags only that for moments.

// The major types.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborList
	cborMap
	cborTag
	cborSimple
)

const (
	cborIndefinite = 31
	cborMoment     = 1 // the tag before seconds since 1970
	cborDepth      = 32
)

var errCBOR = errors.New("the body is no well-formed CBOR")

// cborReader reads one value from the front of a body.
type cborReader struct {
	rest  []byte
	depth int
}

// decodeCBOR reads maps as map[string]any, lists as []any, moments as time.Time, and numbers as int64
// or float64.
func decodeCBOR(body []byte) (any, error) {
	r := &cborReader{rest: body}
	v, err := r.value()
	if err == nil && len(r.rest) > 0 {
		err = errCBOR
	}
	return v, err
}

func (r *cborReader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.rest)) {
		return nil, errCBOR
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken, nil
}

// head reads a major type with its argument; small is the argument as it stands in the first byte.
func (r *cborReader) head() (major, small byte, argument uint64, err error) {
	first, err := r.take(1)
	if err != nil {
		return 0, 0, 0, err
	}
	major, small = first[0]>>5, first[0]&31
	if small < 24 || small == cborIndefinite {
		return major, small, uint64(small), nil
	}
	if small > 27 {
		return 0, 0, 0, errCBOR
	}
	tail, err := r.take(1 << (small - 24))
	if err != nil {
		return 0, 0, 0, err
	}
	var wide [8]byte
	copy(wide[8-len(tail):], tail)
	return major, small, binary.BigEndian.Uint64(wide[:]), nil
}

func (r *cborReader) value() (any, error) {
	if r.depth++; r.depth > cborDepth {
		return nil, errCBOR
	}
	defer func() { r.depth-- }()
	major, small, n, err := r.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case cborUint:
		return int64(n), nil
	case cborNegative:
		return -1 - int64(n), nil
	case cborBytes, cborText:
		return r.text(small, n)
	case cborList:
		return r.list(small, n)
	case cborMap:
		return r.fields(small, n)
	case cborTag:
		return r.tagged(n)
	default:
		return simple(small, n)
	}
}

func (r *cborReader) text(small byte, n uint64) (any, error) {
	if small == cborIndefinite {
		return nil, errCBOR
	}
	b, err := r.take(n)
	return string(b), err
}

// ended reports the end of a list or map of which n elements have been read.
func (r *cborReader) ended(small byte, n, read uint64) bool {
	if small != cborIndefinite {
		return read == n
	}
	if len(r.rest) > 0 && r.rest[0] == cborSimple<<5|cborIndefinite {
		r.rest = r.rest[1:]
		return true
	}
	return false
}

func (r *cborReader) list(small byte, n uint64) (any, error) {
	all := []any{}
	for read := uint64(0); !r.ended(small, n, read); read++ {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (r *cborReader) fields(small byte, n uint64) (any, error) {
	all := map[string]any{}
	for read := uint64(0); !r.ended(small, n, read); read++ {
		key, err := r.value()
		if err != nil {
			return nil, err
		}
		name, isText := key.(string)
		if !isText {
			return nil, errCBOR
		}
		if all[name], err = r.value(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r *cborReader) tagged(tag uint64) (any, error) {
	v, err := r.value()
	if err != nil || tag != cborMoment {
		return v, err
	}
	switch seconds := v.(type) {
	case int64:
		return time.Unix(seconds, 0).UTC(), nil
	case float64:
		return time.UnixMilli(int64(seconds * 1000)).UTC(), nil
	}
	return nil, errCBOR
}

func simple(small byte, n uint64) (any, error) {
	switch small {
	case 20, 21:
		return small == 21, nil
	case 22, 23:
		return nil, nil
	case 26:
		return float64(math.Float32frombits(uint32(n))), nil
	case 27:
		return math.Float64frombits(n), nil
	}
	return nil, errCBOR
}

// encodeCBOR writes structs as maps of their fields, without those that have their zero value.
func encodeCBOR(v reflect.Value) []byte {
	if moment, ok := reflect.TypeAssert[time.Time](v); ok {
		return append(cborHead(cborTag, cborMoment), cborFloat(float64(moment.UnixMilli())/1000)...)
	}
	switch v.Kind() {
	case reflect.String:
		return append(cborHead(cborText, uint64(v.Len())), v.String()...)
	case reflect.Bool:
		if v.Bool() {
			return []byte{cborSimple<<5 | 21}
		}
		return []byte{cborSimple<<5 | 20}
	case reflect.Int:
		if n := v.Int(); n < 0 {
			return cborHead(cborNegative, uint64(-1-n))
		}
		return cborHead(cborUint, uint64(v.Int()))
	case reflect.Float64:
		return cborFloat(v.Float())
	case reflect.Pointer:
		return encodeCBOR(v.Elem())
	case reflect.Slice:
		all := cborHead(cborList, uint64(v.Len()))
		for i := range v.Len() {
			all = append(all, encodeCBOR(v.Index(i))...)
		}
		return all
	default:
		return encodeCBORStruct(v)
	}
}

func encodeCBORStruct(v reflect.Value) []byte {
	fields, n := []byte{}, uint64(0)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			continue
		}
		n++
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "" {
			name = v.Type().Field(i).Name
		}
		fields = slices.Concat(fields, cborHead(cborText, uint64(len(name))), []byte(name), encodeCBOR(v.Field(i)))
	}
	return append(cborHead(cborMap, n), fields...)
}

func cborHead(major byte, n uint64) []byte {
	if n < 24 {
		return []byte{major<<5 | byte(n)}
	}
	return binary.BigEndian.AppendUint64([]byte{major<<5 | 27}, n)
}

func cborFloat(f float64) []byte {
	return binary.BigEndian.AppendUint64([]byte{cborSimple<<5 | 27}, math.Float64bits(f))
}
