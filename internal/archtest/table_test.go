package archtest

// row is what a package may import of this module, and why no more.
type row struct {
	imports []string
	why     string
}

// The stages, in the order in which a pass goes through them.
const (
	pureStage = "it is a function from values to values; what it needs to know comes in as an argument"
	noSibling = "stages do not import each other, so that each can be read, tested and replaced alone"
)

// table has one row for each package, by its path below the module. A pattern that ends in /...
// stands for a package and everything below it.
var table = map[string]row{
	"topology": {nil, "everybody imports the model, so it may import nobody"},

	"desired":              {[]string{"desired/instancetype", "desired/kopsspec", "topology"}, pureStage},
	"desired/instancetype": {nil, "it is AWS's list of what it sells, and no opinion of ours"},
	"desired/kopsspec":     {[]string{"internal/printable"}, "it is the manifest format and knows nothing of what we make of it"},
	"desired/strictyaml":   {[]string{"desired/kopsspec"}, "it reads files that are no manifests, with the same word for what is wrong with one"},

	"actual": {[]string{"internal/awsapi", "topology"}, noSibling},
	"actual/preflight": {
		[]string{"actual", "desired/instancetype", "internal/awsapi", "topology"},
		"it asks AWS about what would be made, in the words of the topology; AWS's list of types is data",
	},

	"actual/history": {[]string{"internal/awsapi"}, "it tells who did something, and knows neither kinds nor plans"},
	"actual/vitals":  {[]string{"topology"}, "it reads what no plan asks for, so no plan can come to depend on it"},

	"diff":        {[]string{"topology"}, pureStage},
	"diff/render": {[]string{"diff", "internal/prices", "internal/printable", "topology"}, "it shows a plan and must not be able to change or run one"},

	"apply": {
		[]string{"apply/health", "apply/kube", "apply/order", "apply/quorum", "apply/repair", "apply/rollout", "diff", "internal/awsapi", "topology"},
		"apply runs a plan, so it reads diff; every other stage stays unknown to it",
	},
	"apply/health":  {[]string{"apply/quorum", "topology"}, "it observes, in the words of the gate, and decides nothing"},
	"apply/kube":    {[]string{"topology"}, "it knows Kubernetes and no AWS: which machine a node is, is all that they share"},
	"apply/order":   {[]string{"apply/quorum", "diff", "topology"}, pureStage},
	"apply/repair":  {[]string{"topology"}, pureStage},
	"apply/rollout": {[]string{"topology"}, pureStage},
	"apply/quorum":  {nil, "the one door that matters is small enough to be checked exhaustively, and stays so"},

	"sync": {
		[]string{"actual", "actual/preflight", "apply/...", "desired/...", "diff/...", "internal/durable", "internal/prices", "internal/printable", "sync/...", "topology"},
		"it joins the stages; the wiring of AWS is handed in, so that a pass runs against anything",
	},
	"sync/checkup": {
		[]string{"actual", "actual/vitals", "apply", "apply/health", "apply/kube", "apply/quorum", "apply/repair", "desired", "diff", "internal/printable", "sync", "topology"},
		"it judges facts of all stages in one place; who asks for them is handed in",
	},
	"sync/audit":        {[]string{"internal/durable", "internal/printable"}, "it writes down what it is told; what it needs of a repository is an interface beside it"},
	"sync/commitstatus": {[]string{"internal/durable", "internal/printable"}, "a poster says what it is told; what it needs of a repository is an interface beside it"},
	"sync/drift":        {[]string{"desired", "diff", "internal/durable", "topology"}, "it judges a plan by the policy of its manifest, and asks AWS nothing"},
	"sync/explain": {
		[]string{"actual", "apply", "apply/kube", "apply/order", "apply/quorum", "apply/repair", "desired", "diff", "internal/printable", "sync", "topology"},
		"it says in words what a plan and a look at the control plane show, and asks nobody itself",
	},
	"sync/gitrepo": {[]string{"internal/printable"}, "it knows Git and files, not what the files mean"},
	"sync/host":    {[]string{"sync/commitstatus"}, "it knows Git hosts and what a status is, and nothing of what is said with either"},
	"sync/lease":   {nil, "who may work on a cluster is decided without knowing what the work is"},
	"sync/review": {
		[]string{"apply", "desired", "diff", "diff/render", "internal/durable", "internal/printable", "sync", "sync/commitstatus", "sync/gitrepo", "sync/host", "sync/rules", "sync/schedule", "sync/webhook", "topology"},
		"it joins what a plan is with what a Git host is; looking at AWS is handed in, and cannot change anything",
	},
	"sync/promotion": {
		[]string{"desired", "diff", "internal/durable", "sync/gitrepo", "sync/host", "sync/rules"},
		"it knows how far a change has come and who agreed to it; what a pass is stays unknown to it",
	},
	"sync/repositories": {[]string{"desired", "desired/strictyaml", "sync/gitrepo", "sync/host"}, "it reads what an operator wrote, and opens nothing"},
	"sync/rules":        {[]string{"desired/...", "diff/...", "internal/pathpattern"}, "people's say is decided from the risk of a plan, without AWS or Git"},
	"sync/schedule":     {nil, "when is decided without knowing what"},
	"sync/signature":    {[]string{"desired", "desired/strictyaml", "internal/durable", "internal/pathpattern"}, "it judges commits that are handed in; only the words for problems come from elsewhere"},
	"sync/metrics": {
		[]string{"apply", "apply/quorum", "diff", "sync", "sync/lease"},
		"it counts what passes come to; requests to AWS are told to it by whoever made the clients",
	},
	"sync/notify": {
		[]string{"apply", "apply/quorum", "internal/durable", "internal/printable", "sync", "sync/lease"},
		"it says what passes come to, and to whom that is new; it changes nothing",
	},
	"sync/web": {
		[]string{"apply", "apply/quorum", "diff", "internal/durable", "internal/printable", "sync", "sync/audit", "sync/commitstatus"},
		"it shows what passes come to, in the fields of the audit trail, and can change nothing",
	},
	"sync/webhook": {[]string{"sync/host"}, "it hears what a host says, whose make it must know, and does not know who acts on it"},

	"node":              {[]string{"internal/awsapi", "node/...", "topology"}, "a machine boots from its configuration and its volumes, and from nothing of the service"},
	"node/etcdmember":   {[]string{"internal/durable", "topology"}, "how a member starts depends on its volume and its configuration alone"},
	"internal/awsapi":   {nil, "it knows AWS and no kind"},
	"internal/archtest": {nil, "it only looks"},
	"internal/durable":  {nil, "it keeps bytes and does not know what they mean"},

	"internal/awssim":        {[]string{"desired/instancetype", "internal/awssim/simnet", "internal/prices"}, "the simulator must not learn from the product what AWS would do; the lists of types and prices are AWS's"},
	"internal/awssim/simnet": {nil, "it is a network and carries whatever it is given"},
	"internal/awssim/socks":  {nil, "it carries other programs' connections into the simulated network, and looks at none"},
	"internal/awssim/machine": {
		[]string{"internal/awssim", "internal/awssim/simnet", "node/...", "topology"},
		"a simulated machine boots as a real one does: from node, and not from the service",
	},
	"internal/chaos": {
		[]string{
			"actual", "actual/preflight", "apply/...", "desired/...", "diff/...", "sync/...", "topology", "examples",
			"internal/awsapi", "internal/awssim/...", "node/...",
		},
		"it wires the service as the command line does, and everything that can go wrong around it",
	},
	"internal/chaos/mutate":  {nil, "it changes the text of the program and looks whether its judge notices"},
	"internal/contract":      {nil, "it holds tests only, and these may import what they like"},
	"internal/resizing":      {nil, "it holds tests only, and these may import what they like"},
	"internal/instancetypes": {[]string{"desired/instancetype", "internal/awsapi"}, "it asks AWS and writes down the answer"},
	"internal/kopsmade":      {[]string{"internal/awsapi"}, "it judges the product, so it must not learn from it what kops makes"},
	"internal/giteatest":     {[]string{"internal/testprocess"}, "it is somebody else's Git host and knows nothing of ours"},
	"internal/kubetest":      {[]string{"internal/testprocess"}, "it is somebody else's Kubernetes and knows nothing of ours"},
	"internal/testprocess":   {nil, "it runs whatever program it is given"},
	"internal/mototest":      {nil, "it is somebody else's AWS and knows nothing of ours"},
	"internal/terraform":     {[]string{"topology"}, "it writes down a topology in other words"},
	"internal/kopsstore":     {[]string{"internal/awsapi"}, "it reads documents and does not know what they mean"},
	"internal/kopskeys":      {[]string{"internal/kopsstore"}, "it opens private keys, so it is small, and knows neither AWS nor what the keys are for"},
	"internal/pricelist":     {[]string{"internal/prices"}, "it asks AWS and writes down the answer"},
	"internal/pathpattern":   {nil, "it compares a pattern with a path and knows what neither is for"},
	"internal/printable":     {nil, "everybody who shows what others wrote imports it, so it may import nobody"},
	"internal/prices":        {[]string{"topology"}, "a bill is a function of a topology and a table; fetching prices is somebody else's"},
	"internal/picture":       {[]string{"diff", "diff/render", "topology"}, "it draws a topology, or a plan as it is rendered, and can change neither"},
	"internal/demo": {
		[]string{
			"actual", "actual/preflight", "apply/...", "desired/...", "diff/...", "sync/...", "topology", "examples",
			"internal/awsapi", "internal/awssim/...", "node/...",
		},
		"it tells the whole story, but only the story: the product does not know it",
	},

	"charts":         {nil, "it holds tests only, and these may import what they like"},
	"deploy/systemd": {nil, "it holds tests only, and these may import what they like"},
	"examples":       {nil, "it is manifests, embedded for the programs that show them"},

	"cmd/quorate": {
		[]string{
			"actual", "actual/history", "actual/preflight", "actual/vitals", "apply/...", "desired/...", "diff/...", "sync/...", "topology", "examples",
			"internal/awsapi", "internal/awssim/...", "internal/demo", "internal/kopskeys", "internal/kopsstore", "internal/picture", "internal/pricelist", "internal/prices", "internal/printable", "internal/terraform", "node/...",
		},
		"it wires everything, and nobody imports it",
	},
}

// outsiders limits who may import what others have written.
var outsiders = []struct {
	prefix string // of import paths
	users  []string
	why    string
}{
	{
		"github.com/aws/",
		[]string{"actual", "actual/history", "actual/preflight", "actual/vitals", "apply", "cmd/quorate", "internal/awsapi", "internal/awssim/...", "internal/demo", "internal/instancetypes", "internal/kopsmade", "internal/kopsstore", "internal/pricelist", "node/..."},
		"AWS types stay at the edges: in between, everything is a topology value",
	},
	{
		"github.com/go-git/",
		[]string{"internal/demo", "sync/gitrepo"},
		"only one package talks Git; the demo stands for the people who commit",
	},
	{
		"github.com/google/go-github/",
		[]string{"sync/host"},
		"a Git host's own types stay in its file: everybody else speaks of pull requests, comments and roles",
	},
	{
		"gitlab.com/gitlab-org/api/client-go/",
		[]string{"sync/host"},
		"a Git host's own types stay in its file: everybody else speaks of pull requests, comments and roles",
	},
	{
		"code.gitea.io/sdk/",
		[]string{"sync/host"},
		"a Git host's own types stay in its file: everybody else speaks of pull requests, comments and roles",
	},
	{
		"github.com/prometheus/",
		[]string{"sync/metrics"},
		"what is counted is decided in one place, where the labels are bounded",
	},
	{
		"k8s.io/",
		[]string{"apply/kube", "cmd/quorate", "internal/kubetest"},
		"Kubernetes types stay at the edge: a machine is ready or not, empty or not, with a sentence",
	},
	{
		"go.etcd.io/etcd/server",
		[]string{"internal/chaos", "internal/kubetest", "internal/awssim/machine", "internal/demo", "node/..."},
		"the service asks etcd members how they are and never runs one",
	},
}

// pure packages import nothing but the standard library, whoever wrote it.
var pure = []string{"apply/quorum", "topology"}
