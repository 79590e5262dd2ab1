package awssim

import (
	"reflect"
	"time"
)

// snapshot is the world as it was from a moment on.
type snapshot struct {
	since time.Time
	state *state
}

// SetStaleReads makes every read see the world as it was the given simulated time ago, as AWS's
// eventually consistent reads sometimes do. Zero turns it off. Mutating calls always see the present.
func (r *Region) SetStaleReads(age time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.staleReads = age
	r.snapshots = nil
	r.remember()
}

// remember keeps a copy of the present for later reads. The caller holds the lock.
func (r *Region) remember() {
	if r.staleReads <= 0 {
		return
	}
	r.snapshots = append(r.snapshots, snapshot{r.cfg.Clock.Now(), clone(r.world.state)})
	r.forget()
}

// forget drops the snapshots that no read can ask for any more.
func (r *Region) forget() {
	horizon := r.cfg.Clock.Now().Add(-r.staleReads)
	for len(r.snapshots) > 1 && !r.snapshots[1].since.After(horizon) {
		r.snapshots = r.snapshots[1:]
	}
}

// readable is the world that reads may see now. The caller holds the lock.
func (r *Region) readable() *world {
	if r.staleReads <= 0 {
		return r.world
	}
	r.forget()
	return &world{state: r.snapshots[0].state, region: r}
}

// clone copies plain data deeply. Structs without exported fields (time.Time, netip.Prefix) are
// values to Go and are copied as such.
func clone[T any](v T) T {
	return cloneValue(reflect.ValueOf(&v).Elem()).Interface().(T)
}

func cloneValue(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(cloneValue(v.Elem()).Addr())
		}
	case reflect.Map:
		cloneMap(out, v)
	case reflect.Slice:
		cloneSlice(out, v)
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(cloneValue(v.Field(i)))
			}
		}
	}
	return out
}

func cloneMap(out, v reflect.Value) {
	if v.IsNil() {
		return
	}
	out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(it.Key(), cloneValue(it.Value()))
	}
}

func cloneSlice(out, v reflect.Value) {
	if v.IsNil() {
		return
	}
	out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	for i := range v.Len() {
		out.Index(i).Set(cloneValue(v.Index(i)))
	}
}
