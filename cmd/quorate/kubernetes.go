package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/kopskeys"
	"github.com/quorate/quorate/topology"
)

// kubernetes opens the API of a cluster: through a kubeconfig, or with a certificate signed for us by the
// authority in its state store. It is nil if neither was asked for, or has nothing of the cluster: a service
// must not act through whatever configuration lies about.
func (r *reach) kubernetes(ctx context.Context, cluster desired.Cluster) (*kube.Cluster, error) {
	config, err := r.kubeconfigOf(cluster.Name)
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	if config == nil && r.fromState {
		if config, err = r.signedConfig(ctx, cluster); err != nil {
			return nil, fmt.Errorf("--kubernetes-from-state: %w", explained(err))
		}
	}
	if config == nil {
		return nil, nil
	}
	config.UserAgent = "quorate"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("open the Kubernetes API of %s: %w", cluster.Name, err)
	}
	k := kube.New(client, nil)
	return &k, nil
}

// kubeconfigOf reads the file anew each time, for secrets change under those who mount them. A file has a
// context of the cluster's name, as `kops export kubeconfig` writes it. A folder has a file for each cluster,
// as secrets are mounted; there the current context counts if none has the name.
func (r *reach) kubeconfigOf(cluster string) (*rest.Config, error) {
	if r.kubeconfig == "" {
		return nil, nil
	}
	found, err := os.Stat(r.kubeconfig)
	if err != nil {
		return nil, err
	}
	if !found.IsDir() {
		file, err := clientcmd.LoadFromFile(r.kubeconfig)
		if err != nil || file.Contexts[cluster] == nil {
			return nil, err
		}
		return configOf(file, cluster)
	}
	for _, name := range []string{cluster, cluster + ".yaml"} {
		file, err := clientcmd.LoadFromFile(filepath.Join(r.kubeconfig, name))
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		case file.Contexts[cluster] != nil:
			return configOf(file, cluster)
		default:
			return configOf(file, file.CurrentContext)
		}
	}
	return nil, nil
}

func configOf(file *clientcmdapi.Config, context string) (*rest.Config, error) {
	return clientcmd.NewNonInteractiveClientConfig(*file, context, nil, nil).ClientConfig()
}

// signed is access by an authority that was read from a state store.
type signed struct {
	config rest.Config
	until  time.Time
}

// rereadAfter is how long an authority is used before it is read again: kops may have made another.
const rereadAfter = 30 * time.Minute

// signedConfig has no certificate and no key in it: these are made in memory, for an hour at a time.
func (r *reach) signedConfig(ctx context.Context, cluster desired.Cluster) (*rest.Config, error) {
	r.mu.Lock()
	known, ok := r.signed[cluster.Name]
	r.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return rest.CopyConfig(&known.config), nil
	}
	store, err := r.store(ctx, cluster.ConfigBase, cluster.Region)
	if err != nil {
		return nil, err
	}
	authority, err := kopskeys.Open(ctx, store, "")
	if err != nil {
		return nil, err
	}
	server, err := r.apiServer(ctx, cluster)
	if err != nil {
		return nil, err
	}
	dial, err := r.dialer()
	if err != nil {
		return nil, err
	}
	fresh := signed{rest.Config{Host: server, Transport: authority.Transport(dial, nil)}, time.Now().Add(rereadAfter)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.signed == nil {
		r.signed = map[string]signed{}
	}
	r.signed[cluster.Name] = fresh
	return rest.CopyConfig(&fresh.config), nil
}

// portDirect is where kops lets a load balancer pass TLS through that ends it at 443 itself: a client
// certificate gets no further than whoever ends TLS.
const portDirect = 8443

// apiServer is the URL of the API servers, as kops puts it into a kubeconfig: by name, or by the load
// balancer's where the cluster has no DNS.
func (r *reach) apiServer(ctx context.Context, cluster desired.Cluster) (string, error) {
	host, port := cluster.API, ""
	for _, l := range topology.Of[topology.Listener](cluster.Topology) {
		if l.LoadBalancer.Name == "api."+cluster.Name && l.Port == portDirect {
			port = fmt.Sprintf(":%d", portDirect)
		}
	}
	if host == "" {
		var err error
		if host, err = r.balancerName(ctx, cluster); err != nil {
			return "", err
		}
	}
	return "https://" + host + port, nil
}

// balancerName asks AWS for the address of the load balancer in front of the API servers.
func (r *reach) balancerName(ctx context.Context, cluster desired.Cluster) (string, error) {
	a, err := r.to(ctx, cluster)
	if err != nil {
		return "", err
	}
	name := "api." + cluster.Name
	if lb, ok := topology.Find[topology.LoadBalancer](cluster.Topology, topology.Ref{Kind: topology.KindLoadBalancer, Name: name}); ok {
		out, err := a.look.ELB.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{lb.AWSName}})
		if err != nil || len(out.LoadBalancers) != 1 {
			return "", errors.Join(fmt.Errorf("the load balancer %s is not there", lb.AWSName), err)
		}
		return aws.ToString(out.LoadBalancers[0].DNSName), nil
	}
	if lb, ok := topology.Find[topology.ClassicELB](cluster.Topology, topology.Ref{Kind: topology.KindClassicELB, Name: name}); ok {
		out, err := a.look.ClassicELB.DescribeLoadBalancers(ctx, &classicelb.DescribeLoadBalancersInput{LoadBalancerNames: []string{lb.AWSName}})
		if err != nil || len(out.LoadBalancerDescriptions) != 1 {
			return "", errors.Join(fmt.Errorf("the load balancer %s is not there", lb.AWSName), err)
		}
		return aws.ToString(out.LoadBalancerDescriptions[0].DNSName), nil
	}
	return "", errors.New("the cluster has neither DNS nor a load balancer to reach its API servers by")
}
