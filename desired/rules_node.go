package desired

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

var nodeRules = []rule{
	{"labels and taints are those of Kubernetes", labelSyntaxRule},
	{"extra disks have devices that EC2 knows", deviceRule},
	{"disks are mounted once and in full", mountRule},
	{"processes to suspend are processes of Auto Scaling", suspendRule},
	{"machines live at most a year", lifetimeRule},
	{"the cluster's DNS server is a service", clusterDNSRule},
	{"records are published by something known", publisherRule},
	{"volumes of pods have a driver", volumeDriverRule},
}

// The syntax of labels (Kubernetes documentation, "Labels and Selectors").
var (
	labelName  = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

// isLabelKey tells whether a key is a name, or a DNS name, a slash and a name. Two slashes are the business
// of another rule.
func isLabelKey(key string) bool {
	domain, name, prefixed := strings.Cut(key, "/")
	if !prefixed {
		return labelName.MatchString(key)
	}
	return strings.Contains(name, "/") || labelName.MatchString(name) && (isDNSName(domain) || dnsLabel.MatchString(domain))
}

// labelSyntaxRule: a kubelet that is given one label it cannot read does not start.
func labelSyntaxRule(m manifest, r *report) {
	const syntax = "letters, digits, and -, _ or . between them, at most 63 in all"
	for _, g := range m.groups {
		for _, key := range slices.Sorted(maps.Keys(g.Spec.NodeLabels)) {
			switch at := entry("spec.nodeLabels", key); {
			case !isLabelKey(key):
				r.errorf(g.Source, at, "%q is no key of a label; write %s, after a DNS name and a slash or alone", key, syntax)
			case !labelValue.MatchString(g.Spec.NodeLabels[key]):
				r.errorf(g.Source, at, "%q is no value of a label; write %s", g.Spec.NodeLabels[key], syntax)
			}
		}
		for i, taint := range g.Spec.Taints {
			text, _, _ := strings.Cut(taint, ":")
			if key, value, _ := strings.Cut(text, "="); key != "" && (!isLabelKey(key) || !labelValue.MatchString(value)) {
				r.errorf(g.Source, item("spec.taints", i), "%q is no key and value of a taint; each is %s", text, syntax)
			}
		}
	}
}

// deviceName is a name that EC2 takes for an additional disk (Amazon EC2 User Guide, "Device names for volumes").
var deviceName = regexp.MustCompile(`^/dev/(sd[a-z]([1-9]|1[0-5])?|xvd[a-z][a-z]?|hd[a-z]([1-9]|1[0-5])?)$`)

// rootDevices are the names that images give to the disk they boot from.
var rootDevices = []string{"/dev/xvda", "/dev/sda", "/dev/sda1"}

func deviceRule(m manifest, r *report) {
	for _, g := range m.groups {
		var local []string
		for _, d := range ephemeralDevices(g.Spec.MachineType) {
			local = append(local, d.Device)
		}
		for i, v := range g.Spec.Volumes {
			switch at := fmt.Sprintf("spec.volumes[%d].device", i); {
			case v.Device == "":
			case !deviceName.MatchString(v.Device):
				r.errorf(g.Source, at, "%q is no device that EC2 attaches a volume as; write one such as /dev/xvdd or /dev/sdf", v.Device)
			case slices.Contains(rootDevices, v.Device):
				r.errorf(g.Source, at, "%s is the disk that machines boot from; set that by the rootVolume fields, and choose another device here", v.Device)
			case slices.Contains(local, v.Device):
				r.errorf(g.Source, at, "%s is a local disk of a %s; choose another device", v.Device, g.Spec.MachineType)
			}
		}
	}
}

// fileSystems are those that kops formats disks with; btfs is kops's own spelling.
var fileSystems = []string{"btfs", "ext4", "xfs"}

func mountRule(m manifest, r *report) {
	for _, g := range m.groups {
		devices, places := map[string]bool{}, map[string]bool{}
		for i, v := range g.Spec.VolumeMounts {
			at := item("spec.volumeMounts", i)
			oneOf(r, g.Source, at+".filesystem", v.Filesystem, fileSystems...)
			switch {
			case v.Device == "" || v.Path == "" || v.Filesystem == "":
				r.errorf(g.Source, at, "a mount needs device, path and filesystem; write all three")
			case !path.IsAbs(v.Path):
				r.errorf(g.Source, at+".path", "%q does not begin with a slash; write the whole path", v.Path)
			case devices[v.Device]:
				r.errorf(g.Source, at+".device", "device %s is mounted already; keep one of the two", v.Device)
			case places[path.Clean(v.Path)]:
				r.errorf(g.Source, at+".path", "something is mounted at %s already; choose another path", v.Path)
			}
			devices[v.Device], places[path.Clean(v.Path)] = true, true
		}
	}
}

// scalingProcesses are what Auto Scaling does by itself (Amazon EC2 Auto Scaling User Guide, "Types of processes").
var scalingProcesses = []string{
	"AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
	"Launch", "ReplaceUnhealthy", "ScheduledActions", "Terminate",
}

func suspendRule(m manifest, r *report) {
	for _, g := range m.groups {
		for i, process := range g.Spec.SuspendProcesses {
			at := item("spec.suspendProcesses", i)
			oneOf(r, g.Source, at, process, scalingProcesses...)
			if process == "Launch" || process == "Terminate" {
				r.warnf(g.Source, at, "while %s is suspended no machine of group %s can be replaced, neither a broken one nor by a roll; resume it before the next change", process, g.Name())
			}
		}
	}
}

// maxLifetime is Auto Scaling's (CreateAutoScalingGroup, MaxInstanceLifetime).
const maxLifetime = 365 * 24 * time.Hour

func lifetimeRule(m manifest, r *report) {
	for _, g := range m.groups {
		if d, err := time.ParseDuration(g.Spec.MaxInstanceLifetime); err == nil && (d > maxLifetime || d < 0) {
			r.errorf(g.Source, "spec.maxInstanceLifetime", "AWS takes a lifetime of at most %[1]gh, a year; use 24h to %[1]gh, or 0 for no end", maxLifetime.Hours())
		}
	}
}

func clusterDNSRule(m manifest, r *report) {
	dns := m.Spec.KubeDNS
	oneOf(r, m.Source, "spec.kubeDNS.provider", dns.Provider, "CoreDNS", "KubeDNS")
	services, _ := netip.ParsePrefix(m.Spec.ServiceClusterIPRange)
	if dns.ServerIP != "" {
		addr, err := netip.ParseAddr(dns.ServerIP)
		switch {
		case err != nil:
			r.errorf(m.Source, "spec.kubeDNS.serverIP", "%q is no address; write one of the range of services, or remove the field", dns.ServerIP)
		case services.IsValid() && !services.Contains(addr):
			r.errorf(m.Source, "spec.kubeDNS.serverIP", "%q is not an address of serviceClusterIPRange %s; write one of it, or remove the field", dns.ServerIP, services)
		}
	}
	if ip := dns.NodeLocalDNS.LocalIP; ip != "" {
		addr, err := netip.ParseAddr(ip)
		switch {
		case err != nil:
			r.errorf(m.Source, "spec.kubeDNS.nodeLocalDNS.localIP", "%q is no address; write one such as 169.254.20.10", ip)
		case services.IsValid() && services.Contains(addr):
			r.errorf(m.Source, "spec.kubeDNS.nodeLocalDNS.localIP", "%s is in serviceClusterIPRange %s and may become a service's; write one such as 169.254.20.10", ip, services)
		}
	}
}

func publisherRule(m manifest, r *report) {
	oneOf(r, m.Source, "spec.externalDns.provider", m.Spec.ExternalDNS.Provider, "dns-controller", "external-dns", "none")
}

// volumeDriverRule: since Kubernetes 1.31 nothing else attaches EBS volumes.
func volumeDriverRule(m manifest, r *report) {
	if !unlessFalse(m.Spec.CloudConfig.AWSEBSCSIDriver.Enabled) {
		r.errorf(m.Source, "spec.cloudConfig.awsEBSCSIDriver.enabled", "without the EBS CSI driver no pod gets its volume; remove the field, or write managed: false to install the driver yourself")
	}
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}
