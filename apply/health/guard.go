package health

import (
	"context"
	"errors"
	"path"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
)

// A Guard says whether a call that changes something in etcd may go out now: whoever makes it must still hold
// the cluster's lease. The operation is etcd's name of it, as "MemberRemove".
type Guard func(ctx context.Context, operation string) error

// errReadOnly is what a Prober without a guard says to every call that changes something.
var errReadOnly = errors.New("it was made for looking only")

// reading are the calls that change nothing. Whatever is not among them is asked about, so that no change
// gets past the guard because somebody forgot it here.
var reading = map[string]bool{
	etcdserverpb.Cluster_MemberList_FullMethodName: true,
	etcdserverpb.Maintenance_Status_FullMethodName: true,
	etcdserverpb.Maintenance_HashKV_FullMethodName: true,
	etcdserverpb.KV_Range_FullMethodName:           true,
}

// ask stands before each call, retries included.
func (g Guard) ask(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if !reads(method, req) {
		if g == nil {
			return errReadOnly
		}
		if err := g(ctx, path.Base(method)); err != nil {
			return err
		}
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

// reads knows etcd's one call that asks for alarms, raises them and takes them back.
func reads(method string, req any) bool {
	alarm, is := req.(*etcdserverpb.AlarmRequest)
	return reading[method] || is && alarm.GetAction() == etcdserverpb.AlarmRequest_GET
}
