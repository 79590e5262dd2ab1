package apply

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/mototest"
	"github.com/quorate/quorate/topology"
)

const (
	testCluster = "ha.example.com"
	testRegion  = "us-east-1"
)

// A world is an AWS to try the handlers on, with what they have made so far.
type world struct {
	// simulated is our own simulator; the other world is moto, which knows less.
	simulated bool
	env       env
	wire      *wire
	have      map[topology.Ref]topology.Resource
	ids       topology.Bindings
	region    *awssim.Region // nil for moto
	// advance moves the clock of a simulated AWS; nil where AWS needs no time.
	advance func(time.Duration)
}

// inEveryWorld runs a story on each AWS that can be had here.
func inEveryWorld(t *testing.T, story func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("simulated", func(t *testing.T) { story(t, simulatedWorld(t, testRegion)) })
	t.Run("moto", func(t *testing.T) {
		w := newWorld(t, moto.URL(t), testRegion)
		w.env.clients.CloudWatch = inQuery(w.env.clients.CloudWatch)
		story(t, w)
	})
}

// inQuery makes the client speak CloudWatch's former protocol: moto (5.2) has no other.
func inQuery(c *cloudwatch.Client) *cloudwatch.Client {
	return cloudwatch.New(c.Options(), func(o *cloudwatch.Options) { o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) })
}

// testImage exists in both worlds.
const testImage = "099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260801"

// moto is an emulator that knows nothing of this product.
var moto = mototest.Server{Images: []string{testImage}}

func TestMain(m *testing.M) {
	defer moto.Stop()
	m.Run()
}

// simulatedWorld is a simulated region whose clock stands still.
func simulatedWorld(t *testing.T, in string) *world {
	t.Helper()
	clock := awssim.NewManualClock(moment)
	region := awssim.New(awssim.Config{Region: in, Clock: clock, Seed: 1})
	t.Cleanup(region.Close)
	if err := region.AddHostedZone("example.com"); err != nil {
		t.Fatal(err)
	}
	url, stop, err := region.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w := newWorld(t, url, in)
	w.simulated, w.advance, w.region = true, clock.Advance, region
	return w
}

var moment = time.Date(2026, 8, 6, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, endpoint, region string) *world {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CA_BUNDLE", "") // the SDK refuses one beside a transport of ours
	w := &world{wire: &wire{}, have: map[topology.Ref]topology.Resource{}, ids: topology.Bindings{}}
	clients, err := awsapi.Load(t.Context(), awsapi.Options{
		Region: region, MaxAttempts: 1, HTTP: &http.Client{Transport: w.wire},
		Guard: func(context.Context, string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	image, err := clients.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{testImage[:12]}, Filters: []ec2types.Filter{filter("name", testImage[13:])},
	})
	if err != nil || len(image.Images) != 1 {
		t.Fatalf("look for the image: %v", err)
	}
	w.ids[ref(topology.KindImage, testImage)] = aws.ToString(image.Images[0].ImageId)
	w.ids[ref(topology.KindRootDevice, testImage)] = aws.ToString(image.Images[0].RootDeviceName)
	w.env = env{clients: clients, cluster: testCluster, commit: "c0ffee", now: func() time.Time { return moment }}
	return w
}

// create makes resources, parents first, and fails the test on any error.
func (w *world) create(t *testing.T, resources ...topology.Resource) {
	t.Helper()
	slices.SortStableFunc(resources, func(a, b topology.Resource) int { return topology.CompareRefs(a.Ref(), b.Ref()) })
	for _, r := range resources {
		if err := w.tryCreate(t, r); err != nil {
			t.Fatalf("create %s: %v", r.Ref(), err)
		}
	}
}

func (w *world) tryCreate(t *testing.T, r topology.Resource) error {
	t.Helper()
	learned, err := rowsFor(w.env)[r.Ref().Kind].create(t.Context(), r, w.ids)
	w.learn(learned)
	w.have[r.Ref()] = r
	return err
}

func (w *world) learn(learned topology.Bindings) {
	maps.Copy(w.ids, learned)
}

// update brings a resource to its wanted form, as a plan would.
func (w *world) update(t *testing.T, want topology.Resource) {
	t.Helper()
	change := w.change(t, want)
	learned, err := rowsFor(w.env)[want.Ref().Kind].update(t.Context(), change, w.ids)
	w.learn(learned)
	if err != nil {
		t.Fatalf("update %s: %v", want.Ref(), err)
	}
	w.have[want.Ref()] = want
}

func (w *world) change(t *testing.T, want topology.Resource) diff.Change {
	t.Helper()
	wanted := w.topology(t, want)
	for _, c := range diff.Between(wanted, w.topology(t), nil).Changes {
		if c.Ref == want.Ref() {
			return c
		}
	}
	t.Fatalf("%s does not differ", want.Ref())
	return diff.Change{}
}

// topology is all that was made, with the given resources in place of theirs.
func (w *world) topology(t *testing.T, instead ...topology.Resource) topology.Topology {
	t.Helper()
	all := map[topology.Ref]topology.Resource{}
	for _, r := range slices.Concat(slices.Collect(maps.Values(w.have)), instead) {
		all[r.Ref()] = r
	}
	made, err := topology.New(slices.Collect(maps.Values(all))...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// remove deletes a resource twice, because the second time must find nothing to do.
func (w *world) remove(t *testing.T, r topology.Resource) {
	t.Helper()
	for range 2 {
		if err := rowsFor(w.env)[r.Ref().Kind].remove(t.Context(), r, w.ids); err != nil {
			t.Fatalf("delete %s: %v", r.Ref(), err)
		}
	}
	delete(w.have, r.Ref())
}

// refs are the references behind AWS's ids.
func (w *world) refs() map[string]topology.Ref {
	refs := map[string]topology.Ref{}
	for ref, id := range w.ids {
		refs[id] = ref
	}
	return refs
}

// forget loses what is known of a resource, as a pass does that ends early.
func (w *world) forget(r topology.Resource) { delete(w.ids, r.Ref()) }

// wire is the way to AWS; it can lose answers.
type wire struct {
	mu   sync.Mutex
	lose map[string]bool
}

var errLost = errors.New("the answer was lost on its way")

// loseNext loses the answer of the next call of each operation; the calls have their
// effect.
func (w *wire) loseNext(operations ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = map[string]bool{}
	for _, operation := range operations {
		w.lose[operation] = true
	}
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && w.lost(operationOf(req, body)) {
		answer.Body.Close()
		return nil, errLost
	}
	return answer, err
}

func (w *wire) lost(operation string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := w.lose[operation]
	delete(w.lose, operation)
	return lost
}

// operationOf names a call: most services say it in a form, Route 53 and CloudWatch in the path.
func operationOf(req *http.Request, body []byte) string {
	if req.Method == http.MethodPost {
		switch path.Base(req.URL.Path) {
		case "PutMetricAlarm", "TagResource", "DeleteAlarms": // CloudWatch
			return path.Base(req.URL.Path)
		case "rrset":
			return "ChangeResourceRecordSets"
		case "associatevpc":
			return "AssociateVPCWithHostedZone"
		}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	return form.Get("Action")
}

// lossy makes a resource whose creating call is answered into the void, and makes it
// again as the next pass would that does not see it yet.
func (w *world) lossy(t *testing.T, operation string, r topology.Resource) {
	t.Helper()
	w.wire.loseNext(operation)
	if err := w.tryCreate(t, r); err == nil {
		t.Fatalf("%s was not called", operation)
	}
	w.forget(r)
	w.create(t, r)
}

// prefixes are values: the topology compares them as such.
var prefixes = cmpopts.EquateComparable(netip.Prefix{})

func tagsOf(list []ec2types.Tag) topology.Tags {
	tags := topology.Tags{}
	for _, t := range list {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

// onlySimulated skips a story that moto cannot tell.
func (w *world) onlySimulated(t *testing.T, why string) {
	t.Helper()
	if !w.simulated {
		t.Skip("moto " + why)
	}
}

// settle lets AWS finish what it is doing.
func (w *world) settle(t *testing.T) {
	t.Helper()
	if w.advance != nil {
		w.advance(10 * time.Minute)
	}
}
