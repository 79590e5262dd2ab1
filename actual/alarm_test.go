package actual_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

const alarmTopic = "arn:aws:sns:us-east-1:123456789012:alarms"

// alarm makes an alarm for fewer than one of a metric.
func (w *world) alarm(name, namespace, metric string, dimensions, tags topology.Tags) {
	w.t.Helper()
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, AlarmDescription: aws.String("Something is lost."), Namespace: &namespace, MetricName: &metric, Statistic: cwtypes.StatisticMinimum,
		ComparisonOperator: topology.LessThan, Threshold: aws.Float64(1), Period: aws.Int32(60), EvaluationPeriods: aws.Int32(10),
		TreatMissingData: aws.String(topology.Breaching), AlarmActions: []string{alarmTopic},
	}
	for k, v := range dimensions {
		in.Dimensions = append(in.Dimensions, cwtypes.Dimension{Name: &k, Value: &v})
	}
	for k, v := range tags {
		in.Tags = append(in.Tags, cwtypes.Tag{Key: &k, Value: &v})
	}
	must[*cloudwatch.PutMetricAlarmOutput](w)(w.CloudWatch.PutMetricAlarm(w.t.Context(), in))
}

func TestAlarmsOfMarkedClustersAreFoundByOurNames(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		group, prefix := "nodes."+cluster, topology.AlarmPrefix(cluster)
		w.oneGroup(group)
		watching := topology.Tags{"AutoScalingGroupName": group}
		ours, theirs := prefix+"machines-lost/a", topology.AlarmPrefix(cluster+".au")+"machines-lost/a"
		w.alarm(ours, topology.NamespaceAutoScaling, "GroupInServiceInstances", watching, base(ours))
		w.alarm(theirs, topology.NamespaceAutoScaling, "GroupInServiceInstances", watching, topology.BaseTags(cluster+".au", theirs))
		w.alarm("by-hand", topology.NamespaceAutoScaling, "GroupInServiceInstances", watching, nil)
		if state := w.observe(); len(topology.Of[topology.Alarm](state.Topology)) > 0 {
			t.Error("a cluster without the mark was asked: that costs a call for every cluster there is")
		}

		w.tagGroup(group, topology.TagAlarms, "true")
		w.alarm(prefix+"by-hand", topology.NamespaceAutoScaling, "GroupInServiceInstances", watching, nil)
		state := w.observe()
		want := []topology.Alarm{{
			Name: ours, Description: "Something is lost.", Watches: topology.Ref{Kind: topology.KindAutoScalingGroup, Name: group},
			Namespace: topology.NamespaceAutoScaling, Metric: "GroupInServiceInstances", Statistic: "Minimum", Comparison: topology.LessThan, Threshold: 1,
			Period: 60, Periods: 10, Datapoints: 10, MissingData: topology.Breaching, AlarmActions: []string{alarmTopic}, Enabled: true,
			Tags: base(ours), Ownership: topology.Owned,
		}}
		if diff := cmp.Diff(want, topology.Of[topology.Alarm](state.Topology)); diff != "" {
			t.Error(diff)
		}
		if len(state.Leftovers) != 1 || !strings.HasSuffix(state.Leftovers[0].ID, prefix+"by-hand") {
			t.Errorf("left over: %+v", state.Leftovers)
		}
	})
}

func TestAlarmsOfTargetsReferToTheirGroup(t *testing.T) {
	w := simulator(t)
	w.highlyAvailable()
	w.settle()
	w.tagGroup("master-us-east-1a.masters."+cluster, topology.TagAlarms, "true")
	groups := must[*elb.DescribeTargetGroupsOutput](w)(w.ELB.DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{})).TargetGroups
	balancer := groups[0].LoadBalancerArns[0]
	_, group, _ := strings.Cut(*groups[0].TargetGroupArn, "123456789012:")
	_, behind, _ := strings.Cut(balancer, ":loadbalancer/")
	name := topology.AlarmPrefix(cluster) + "api-down/a"
	w.alarm(name, topology.NamespaceNetworkELB, "HealthyHostCount", topology.Tags{"TargetGroup": group, "LoadBalancer": behind}, base(name))
	gone := topology.AlarmPrefix(cluster) + "api-down/b"
	w.alarm(gone, topology.NamespaceNetworkELB, "HealthyHostCount", topology.Tags{"TargetGroup": "targetgroup/gone/1", "LoadBalancer": behind}, base(gone))
	state := w.observe()
	alarm, _ := topology.Find[topology.Alarm](state.Topology, topology.Ref{Kind: topology.KindAlarm, Name: name})
	if state.Bindings[alarm.Watches] != *groups[0].TargetGroupArn || state.Bindings[alarm.LoadBalancer] != balancer {
		t.Errorf("it watches %s behind %s", alarm.Watches, alarm.LoadBalancer)
	}
	alarm, _ = topology.Find[topology.Alarm](state.Topology, topology.Ref{Kind: topology.KindAlarm, Name: gone})
	if alarm.Watches.Kind != topology.KindGiven {
		t.Errorf("it watches %s, which is not there", alarm.Watches)
	}
}
