package awssim

// What a machine's software asks of SQS and Auto Scaling goes around the wire: the machine has no
// credentials here. The operations are the same.

func (r *Region) receive(queue string) []Message {
	var list []Message
	r.update(func(w *world) {
		q, exists := w.Queues[queue]
		if !exists {
			return
		}
		for _, m := range w.receive(q, maxReceived, q.seconds("VisibilityTimeout")) {
			list = append(list, Message{m.Receipt, m.Body})
		}
	})
	return list
}

func (r *Region) deleteMessage(queue, receipt string) {
	r.update(func(w *world) {
		_, _ = w.deleteMessage(deleteMessageInput{queue, receipt}) // a queue that is gone took its messages along
	})
}

func (r *Region) completeAction(group, hook, instanceID string) (err error) {
	r.update(func(w *world) {
		in := lifecycleActionInput{lifecycleHookInput: lifecycleHookInput{group, hook}, InstanceID: instanceID}
		_, err = w.completeLifecycleAction(completeLifecycleActionInput{in, "CONTINUE"})
	})
	return err
}
