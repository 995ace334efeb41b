/*
 * The target "sqs": the event as a message.
 *
 *	codetrain.queue		the queue's URL, or its name (then a request more each time)
 *
 * A FIFO queue gets each event once within its five minutes (deduplication id) and in
 * order per ref (message group); a standard queue at least once. The attribute
 * codetrain-event names the event.
 */
#include "queue_event.h"
#include "target_answers.h"
#include "target_aws.h"
#include "lib/aws/hash.h"

#include <string.h>

enum { URL_MAX = 2048 };

static int queue_url(struct target_job *job, struct aws *aws, struct buf *url, struct err *err)
{
	const char *queue = queue_config_get(job->config, job->name, "queue", "");
	cJSON *request = NULL, *answer = NULL;
	int rc = -1;

	if (!*queue)
		return err_set(err, ERR_USAGE, "codetrain.queue is not set; git config codetrain.queue "
			       "URL");
	if (strncmp(queue, "https://", 8) == 0 || strncmp(queue, "http://", 7) == 0) {
		buf_adds(url, queue);
		return buf_check(url, "codetrain.queue", err);
	}
	request = cJSON_CreateObject();
	if (!request || json_set_string(request, "QueueName", queue) < 0)
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else if (target_aws_call(job, aws, "sqs:GetQueueUrl", request, &answer, err) == 0)
		rc = buf_adds(url, json_string(answer, "QueueUrl", ""));
	else
		job->maybe_done = false;	/* nothing was sent yet */
	if (rc == 0 && !url->len)
		rc = err_set(err, ERR_UNAVAILABLE, "the answer names no queue");
	json_free(request);
	json_free(answer);
	return rc;
}

static bool is_fifo(const char *url)
{
	size_t len = strlen(url);

	return len > 5 && strcmp(url + len - 5, ".fifo") == 0;
}

static cJSON *request_of(const struct target_job *job, const char *url, const char *body)
{
	char group[HASH_HEX_LEN], token[TARGET_AWS_NAME], marker[TARGET_AWS_NAME];
	const char *ref = job->delivery->ref;
	cJSON *request = cJSON_CreateObject();
	int rc = request ? 0 : -1;

	target_aws_name(job, '-', token);
	target_aws_name(job, '/', marker);
	hash_sha256_hex(ref, strlen(ref), group);
	if (rc < 0 || json_set_string(request, "QueueUrl", url) < 0 ||
	    json_set_string(request, "MessageBody", body) < 0 ||
	    json_set_string(request, "MessageAttributes.codetrain-event.DataType", "String") < 0 ||
	    json_set_string(request, "MessageAttributes.codetrain-event.StringValue", marker) < 0 ||
	    (is_fifo(url) && (json_set_string(request, "MessageGroupId", group) < 0 ||
			      json_set_string(request, "MessageDeduplicationId", token) < 0))) {
		json_free(request);
		return NULL;
	}
	return request;
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	struct buf url = BUF_INIT(URL_MAX), body = BUF_INIT(QUEUE_EVENT_MAX);
	cJSON *request = NULL, *answer = NULL;
	struct aws *aws = target_aws(job, err);
	int rc = -1;

	if (!aws || queue_url(job, aws, &url, err) < 0 || queue_event_text(job, &body, err) < 0)
		goto out;
	request = request_of(job, buf_str(&url), buf_str(&body));
	if (!request)
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else if (target_aws_call(job, aws, "sqs:SendMessage", request, &answer, err) == 0)
		rc = target_answers_message(answer, &job->external, &job->outcome, err);
	if (answer && rc < 0)
		job->maybe_done = true;
out:
	if (rc < 0)
		target_aws_mend(job, err);
	json_free(request);
	json_free(answer);
	buf_free(&url);
	buf_free(&body);
	return rc < 0 ? TARGET_FAILED : TARGET_DONE;
}

const struct target target_sqs = {
	.name = "sqs",
	.label = "queue",
	.slots = 8,
	.kind = TARGET_CALLS,
	.deletions = true,
	.start = start,
	.close = target_aws_close,
};
