package terraform

import (
	"fmt"

	"github.com/quorate/quorate/topology"
)

func (d *document) listener(l topology.Listener) {
	d.add("aws_lb_listener", label(fmt.Sprintf("%s-%d", l.LoadBalancer.Name, l.Port)), attrs{
		"load_balancer_arn": d.id(l.LoadBalancer),
		"port":              l.Port,
		"protocol":          l.Protocol,
		"certificate_arn":   optional(l.Certificate),
		"ssl_policy":        optional(l.SSLPolicy),
		"default_action":    []attrs{{"type": "forward", "target_group_arn": d.id(l.TargetGroup)}},
	})
}
