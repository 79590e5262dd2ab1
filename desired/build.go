package desired

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// Problem is something that a manifest's author can fix, with its place in the file.
type Problem = kopsspec.Problem

// The severities of a [Problem].
const (
	Error   = kopsspec.Error
	Warning = kopsspec.Warning
)

// File is a manifest file. Its name is only used to say where a problem is.
type File struct {
	Name string
	Data []byte
}

// Cluster is what the manifests of one cluster want.
type Cluster struct {
	// Name is the DNS name of the cluster.
	Name string
	// File is where the Cluster document stands.
	File string
	// Region is the AWS region that all its zones are in.
	Region string
	// Digest stands for what the manifests say: any change of theirs but layout and comments changes it.
	Digest string
	// Unanswered is the digest without an answer to drift: a commit that does no more than answer asks for
	// nothing new. It is Digest where there is no answer.
	Unanswered string
	// KubernetesVersion is as the manifest writes it, or as [Cluster.At] was told.
	KubernetesVersion string
	// Hops are the versions to go through on the way there, by the minor version that each is of.
	Hops map[int]string
	// Policy is what the annotations of the Cluster document say.
	Policy Policy
	// Rolling is how the machines of each group are replaced.
	Rolling  map[topology.Ref]topology.RollingUpdate
	Topology topology.Topology
	// ConfigBase is the folder of the cluster in its state store, a URL.
	ConfigBase string
	// API is the public name of the API servers; empty for a cluster without DNS.
	API string

	// written are the documents that it was built from.
	written kopsspec.Documents
}

// Build reads the manifests of any number of clusters. It returns the clusters that have no error,
// sorted by name, and every problem of all files, sorted by position; a warning does not hold a
// cluster back.
func Build(files []File) ([]Cluster, []Problem) {
	var r report
	var clusters []Cluster
	for _, m := range assemble(files, &r) {
		before := r.errors
		checkRules(m, &r)
		if r.errors > before || m.broken {
			continue
		}
		if c, ok := m.build(&r); ok {
			clusters = append(clusters, c)
		}
	}
	kopsspec.SortProblems(r.problems)
	slices.SortFunc(clusters, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	return clusters, slices.Compact(r.problems)
}

// build makes the resources of every kind, parents before children.
func (m manifest) build(r *report) (Cluster, bool) {
	var resources []topology.Resource
	for _, kind := range topology.Kinds() {
		resources = append(resources, builders[kind](m)...)
	}
	t, err := topology.New(resources...)
	if err != nil {
		r.errorf(m.Source, "metadata.name", "the resources of the cluster do not fit together: %v", err)
		return Cluster{}, false
	}
	return Cluster{
		Name:   m.Name(),
		File:   m.Source.At("").File,
		Region: m.region,
		Digest: m.digest,

		Unanswered: m.unanswered,

		Policy:   m.policy(),
		Rolling:  m.rollingUpdates(),
		Topology: t,

		KubernetesVersion: m.Spec.KubernetesVersion,
		Hops:              m.hops(),

		ConfigBase: m.Spec.ConfigBase,
		API:        m.apiName(),
		written:    m.written,
	}, true
}

// apiName is what kops puts into a kubeconfig.
func (m manifest) apiName() string {
	if !m.publishesDNS() {
		return ""
	}
	return recordName(m.Spec.MasterPublicName)
}

// report collects problems.
type report struct {
	problems []Problem
	errors   int
}

func (r *report) errorf(s kopsspec.Source, path, format string, args ...any) {
	r.add(s.Problem(Error, path, fmt.Sprintf(format, args...)))
}

func (r *report) warnf(s kopsspec.Source, path, format string, args ...any) {
	r.add(s.Problem(Warning, path, fmt.Sprintf(format, args...)))
}

func (r *report) add(ps ...Problem) {
	for _, p := range ps {
		if p.Severity == Error {
			r.errors++
		}
	}
	r.problems = append(r.problems, ps...)
}
