package terraform

import (
	"strconv"

	"github.com/quorate/quorate/topology"
)

func (d *document) targetGroup(g topology.TargetGroup) {
	check := attrs{
		"protocol":            g.HealthProtocol,
		"interval":            g.HealthInterval,
		"healthy_threshold":   g.HealthyThreshold,
		"unhealthy_threshold": g.UnhealthyThreshold,
	}
	if g.HealthPath != "" {
		check["path"] = g.HealthPath
	}
	d.add("aws_lb_target_group", label(g.Name), attrs{
		"name":                   g.Name,
		"vpc_id":                 d.id(g.VPC),
		"port":                   g.Port,
		"protocol":               g.Protocol,
		"health_check":           []attrs{check},
		"deregistration_delay":   strconv.Itoa(g.DeregistrationDelay),
		"connection_termination": g.ConnectionTermination,
		"tags":                   g.Tags,
	})
}
