package awssim

// WriteTags tags a resource of EC2 as AWS itself does, which may use keys that begin with "aws:".
func (r *Region) WriteTags(id string, tags map[string]string) {
	r.update(func(w *world) {
		for key, value := range tags {
			w.tag(id, []tag{{key, value}})
		}
	})
}
