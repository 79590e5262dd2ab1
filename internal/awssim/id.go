package awssim

import (
	"fmt"
	"math/rand/v2"
)

// idSource makes AWS ids: a prefix, a dash, a zero and sixteen hexadecimal digits ("vpc-0" + 16),
// the long form AWS has used since 2018.
type idSource struct {
	rand *rand.Rand
}

// newIDSource gives the same ids for the same seed; seed 0 gives others each time.
func newIDSource(seed uint64) *idSource {
	if seed == 0 {
		seed = rand.Uint64()
	}
	return &idSource{rand: rand.New(rand.NewPCG(seed, 0))}
}

func (s *idSource) next(prefix string) string {
	return fmt.Sprintf("%s-0%016x", prefix, s.rand.Uint64())
}

// uuid is for request ids and the activity ids of Auto Scaling.
func (s *idSource) uuid() string {
	a, b := s.rand.Uint64(), s.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}
