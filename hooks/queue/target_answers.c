#include "target_answers.h"
#include "queue_text.h"
#include "lib/aws/region.h"
#include "lib/base/encode.h"

#include <string.h>

enum { ID_MAX = 256 };

/* An id of a service, "" when the answer has none or none that is one: it goes to a
 * terminal, and into an address. */
static const char *id_of(const cJSON *answer, const char *path)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_:/";
	const char *id = json_string(answer, path, "");
	size_t len = strlen(id);

	return len <= ID_MAX && strspn(id, allowed) == len ? id : "";
}

static int take(const char *id, const char *what, const char *did, struct buf *external,
		struct buf *outcome, struct err *err)
{
	buf_clear(external);
	buf_clear(outcome);
	if (!*id)
		return err_set(err, ERR_UNAVAILABLE, "the answer names no %s", what);
	queue_text_clean(id, ' ', 0, external);
	buf_addf(outcome, "%s %s %s", what, buf_str(external), did);
	return 0;
}

int target_answers_pipeline(const cJSON *answer, struct buf *external, struct buf *outcome,
			    struct err *err)
{
	return take(id_of(answer, "pipelineExecutionId"), "execution", "started", external, outcome, err);
}

int target_answers_message(const cJSON *answer, struct buf *external, struct buf *outcome,
			   struct err *err)
{
	return take(id_of(answer, "MessageId"), "message", "sent", external, outcome, err);
}

/* Codes in an entry: they come with status 200. */
static enum err_class class_of(const char *code)
{
	static const struct {
		const char *part;
		enum err_class class;
	} known[] = {
		{ "Throttl", ERR_UNAVAILABLE }, { "Internal", ERR_UNAVAILABLE },
		{ "Unavailable", ERR_UNAVAILABLE }, { "LimitExceeded", ERR_UNAVAILABLE },
		{ "AccessDenied", ERR_ACCESS }, { "NotAuthorized", ERR_ACCESS },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(code, known[i].part))
			return known[i].class;
	return ERR_NO;
}

int target_answers_events(const cJSON *answer, struct buf *external, struct buf *outcome,
			  struct err *err)
{
	const cJSON *entry = json_at(answer, "Entries", 0);
	const char *code = json_string(entry, "ErrorCode", "");

	buf_clear(external);
	buf_clear(outcome);
	if (*code)
		return err_set(err, class_of(code), "PutEvents: %.200s: %.600s", code,
			       json_string(entry, "ErrorMessage", ""));
	if (json_integer(answer, "FailedEntryCount", 0) > 0)
		return err_set(err, ERR_UNAVAILABLE, "PutEvents: the event was not taken, and no reason "
			       "was given");
	return take(id_of(entry, "EventId"), "event", "put", external, outcome, err);
}

static bool is_for(const cJSON *execution, const char *commit)
{
	for (size_t i = 0, n = json_count(execution, "sourceRevisions"); i < n; i++)
		if (strcmp(json_string(json_at(execution, "sourceRevisions", i), "revisionId", ""),
			   commit) == 0)
			return true;
	return false;
}

enum target_answers_match target_answers_execution(const cJSON *summary, const char *commit,
						   double since)
{
	static const char asked[] = "StartPipelineExecution";
	double started = json_number(summary, "startTime", 0);

	if (started > 0 && started < since)
		return TARGET_ANSWERS_OLDER;
	if (strcmp(json_string(summary, "trigger.triggerType", asked), asked) != 0)
		return TARGET_ANSWERS_OTHER;
	if (!commit || is_for(summary, commit))
		return TARGET_ANSWERS_SAME;
	return json_count(summary, "sourceRevisions") == 0 &&
	       strcmp(json_string(summary, "status", ""), "InProgress") == 0 ? TARGET_ANSWERS_UNKNOWN
									     : TARGET_ANSWERS_OTHER;
}

void target_answers_pipeline_link(const char *region, const char *pipeline, const char *id,
				  struct buf *link)
{
	static const struct {
		const char *partition, *host;
	} consoles[] = {
		{ "aws", "console.aws.amazon.com" },
		{ "aws-cn", "console.amazonaws.cn" },
		{ "aws-us-gov", "console.amazonaws-us-gov.com" },
	};
	const struct partition *partition = region_partition(region);

	buf_clear(link);
	for (size_t i = 0; partition && i < sizeof(consoles) / sizeof(*consoles); i++) {
		if (strcmp(partition->name, consoles[i].partition) != 0)
			continue;
		buf_addf(link, "https://%s/codesuite/codepipeline/pipelines/", consoles[i].host);
		encode_percent(pipeline, strlen(pipeline), "", link);
		buf_adds(link, "/executions/");
		encode_percent(id, strlen(id), "", link);
		buf_addf(link, "/timeline?region=%s", region);
	}
}

bool target_answers_variable(const cJSON *answer, const char *name, const char *value)
{
	static const char path[] = "pipelineExecution.variables";

	for (size_t i = 0, n = json_count(answer, path); i < n; i++) {
		const cJSON *v = json_at(answer, path, i);

		if (strcmp(json_string(v, "name", ""), name) == 0)
			return strcmp(json_string(v, "resolvedValue", ""), value) == 0;
	}
	return false;
}
