package main

import (
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/quorate/quorate/apply/kube"
)

// kubernetes opens the API of a cluster through the context that bears its name, as `kops export
// kubeconfig` writes it. It is nil if there is none. Only the file that somebody named is read: a service
// must not act through whatever configuration lies about.
func (r *reach) kubernetes(cluster string) (*kube.Cluster, error) {
	if r.kubeconfig == "" {
		return nil, nil
	}
	file, err := clientcmd.LoadFromFile(r.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	if file.Contexts[cluster] == nil {
		return nil, nil
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(*file, cluster, nil, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	config.UserAgent = "quorate"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	k := kube.New(client, nil)
	return &k, nil
}
