package resizing

import (
	"testing"
)

func TestFromOneMasterToFiveAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.commit(masters("a"))
	x := w.witness()
	for _, letters := range []string{"abc", "abcde", "abc", "a"} {
		t.Logf("masters %s", letters)
		w.commit(masters(letters))
	}
	x.testify(t, w, inARow)
}
