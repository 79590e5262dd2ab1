package kopsspec

// WarmPool keeps machines that have booted once beside a group; of a cluster, beside every group of workers
// or API servers.
type WarmPool struct {
	AdditionalImages    []string `json:"additionalImages"`
	EnableLifecycleHook bool     `json:"enableLifecycleHook"`
	// LifecycleHookTimeout is in seconds.
	LifecycleHookTimeout int  `json:"lifecycleHookTimeout"`
	MaxSize              *int `json:"maxSize"`
	MinSize              int  `json:"minSize"`
}

// InUse is nil where there is no pool: nothing is written, or maxSize 0 turns it off.
func (p *WarmPool) InUse() *WarmPool {
	if p == nil || p.MaxSize != nil && *p.MaxSize == 0 {
		return nil
	}
	return p
}
