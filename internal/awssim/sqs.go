package awssim

// sqsOperations is all of SQS that the simulator knows: queues that AWS itself sends to.
var sqsOperations = map[string]operation{
	"CreateQueue":        mutates((*world).createQueue),
	"GetQueueUrl":        reads((*world).getQueueURL),
	"GetQueueAttributes": reads((*world).getQueueAttributes),
	"SetQueueAttributes": mutates((*world).setQueueAttributes),
	"ListQueues":         reads((*world).listQueues),
	"DeleteQueue":        mutates((*world).deleteQueue),
	"TagQueue":           mutates((*world).tagQueue),
	"UntagQueue":         mutates((*world).untagQueue),
	"ListQueueTags":      reads((*world).listQueueTags),

	"ReceiveMessage": mutates((*world).receiveMessage),
	"DeleteMessage":  mutates((*world).deleteMessage),
}

var sqsProtocol = awsJSON{
	contentType: "application/x-amz-json-1.0",
	shapes:      "com.amazonaws.sqs",
	legacy: map[string]string{
		"QueueDoesNotExist":    "AWS.SimpleQueueService.NonExistentQueue",
		"QueueNameExists":      "QueueAlreadyExists",
		"QueueDeletedRecently": "AWS.SimpleQueueService.QueueDeletedRecently",
	},
}
