/*
 * The target "eventbridge": the event put on a bus.
 *
 *	codetrain.bus		the bus's name or ARN; default: the account's own
 *
 * At least once: a bus knows no token. The detail's id is the same each time.
 */
#include "queue_event.h"
#include "target_answers.h"
#include "target_aws.h"

/* A ref that would make it too large is not possible: 4 KiB of 256. */
static cJSON *request_of(struct target_job *job, struct err *err)
{
	const char *bus = queue_config_get(job->config, job->name, "bus", "");
	struct buf detail = BUF_INIT(QUEUE_EVENT_MAX);
	cJSON *request = cJSON_CreateObject(), *list = cJSON_CreateArray();
	cJSON *entry = cJSON_CreateObject();
	int rc = -1;

	if (queue_event_text(job, &detail, err) < 0)
		goto out;
	if (!request || !list || !entry || json_set_string(entry, "Source", "codetrain") < 0 ||
	    json_set_string(entry, "DetailType", "Push") < 0 ||
	    json_set_string(entry, "Detail", buf_str(&detail)) < 0 ||
	    json_set_integer(entry, "Time", job->delivery->recorded_ms / 1000) < 0 ||
	    (*bus && json_set_string(entry, "EventBusName", bus) < 0) ||
	    !cJSON_AddItemToArray(list, entry)) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		goto out;
	}
	entry = NULL;
	rc = json_set(request, "Entries", list);
	list = NULL;
	if (rc < 0)
		err_set(err, ERR_INTERNAL, "no memory for a request");
out:
	json_free(entry);
	json_free(list);
	buf_free(&detail);
	if (rc == 0)
		return request;
	json_free(request);
	return NULL;
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	cJSON *request = NULL, *answer = NULL;
	struct aws *aws = target_aws(job, err);
	int rc = -1;

	request = aws ? request_of(job, err) : NULL;
	if (request && target_aws_call(job, aws, "events:PutEvents", request, &answer, err) == 0)
		rc = target_answers_events(answer, &job->external, &job->outcome, err);
	if (rc < 0)
		target_aws_mend(job, err);
	json_free(request);
	json_free(answer);
	return rc < 0 ? TARGET_FAILED : TARGET_DONE;
}

const struct target target_eventbridge = {
	.name = "eventbridge",
	.slots = 8,
	.kind = TARGET_CALLS,
	.deletions = true,
	.start = start,
	.close = target_aws_close,
};
