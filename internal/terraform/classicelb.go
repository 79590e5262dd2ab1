package terraform

import "github.com/quorate/quorate/topology"

func (d *document) classicELB(l topology.ClassicELB) {
	var listeners []attrs
	for _, at := range l.Listeners {
		listener := attrs{"lb_port": at.Port, "lb_protocol": at.Protocol, "instance_port": at.InstancePort, "instance_protocol": at.InstanceProtocol}
		if at.Certificate != "" {
			listener["ssl_certificate_id"] = at.Certificate
		}
		listeners = append(listeners, listener)
	}
	a := attrs{
		"name":            l.AWSName,
		"internal":        l.Internal,
		"subnets":         d.ids(l.Subnets),
		"security_groups": list(d.ids(l.SecurityGroups)),
		"listener":        listeners,
		"health_check": []attrs{{
			"target": l.HealthCheck.Target, "interval": l.HealthCheck.Interval, "timeout": l.HealthCheck.Timeout,
			"healthy_threshold": l.HealthCheck.HealthyThreshold, "unhealthy_threshold": l.HealthCheck.UnhealthyThreshold,
		}},
		"cross_zone_load_balancing": l.CrossZone,
		"idle_timeout":              l.IdleTimeout,
		"connection_draining":       l.DrainingTimeout > 0,
		"tags":                      l.Tags,
	}
	if l.DrainingTimeout > 0 {
		a["connection_draining_timeout"] = l.DrainingTimeout
	}
	if log := l.AccessLog; log.Bucket != "" {
		a["access_logs"] = []attrs{{"enabled": true, "bucket": log.Bucket, "bucket_prefix": log.Prefix, "interval": log.Interval}}
	}
	d.add("aws_elb", label(l.Name), a)
}
