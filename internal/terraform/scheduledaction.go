package terraform

import (
	"strings"

	"github.com/quorate/quorate/topology"
)

func (d *document) scheduledAction(a topology.ScheduledAction) {
	block := attrs{
		"scheduled_action_name":  a.Name,
		"autoscaling_group_name": d.id(a.Group),
		"recurrence":             a.Recurrence,
		"time_zone":              optional(a.TimeZone),
		"end_time":               optional(a.End),
		"min_size":               a.Min,
		"max_size":               a.Max,
		"desired_capacity":       a.Desired, // -1 is Terraform's word, too, for leaving it alone
	}
	d.add("aws_autoscaling_schedule", scalingLabel(a.Ref()), block)
}

// scalingLabel is a label without the commas and pluses of times and time zones.
func scalingLabel(ref topology.Ref) string {
	return strings.NewReplacer(",", "_", "+", "_").Replace(label(ref.Name))
}
