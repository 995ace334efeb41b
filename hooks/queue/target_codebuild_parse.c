#include "target_codebuild_parse.h"
#include "queue_text.h"
#include "lib/aws/region.h"

#include <string.h>

enum { ID_MAX = 300, ACCOUNT = 12 };

static bool is_one_of(const char *s, size_t len, const char *allowed)
{
	for (size_t i = 0; i < len; i++)
		if (!s[i] || !strchr(allowed, s[i]))
			return false;
	return len > 0;
}

#define DIGITS "0123456789"
#define NAME DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

/* The consoles' hosts are no part of the table of endpoints. */
static const char *console_of(const char *partition, size_t len)
{
	static const struct {
		const char *partition, *host;
	} consoles[] = {
		{ "aws", "console.aws.amazon.com" },
		{ "aws-cn", "console.amazonaws.cn" },
		{ "aws-us-gov", "console.amazonaws-us-gov.com" },
	};

	for (size_t i = 0; i < sizeof(consoles) / sizeof(*consoles); i++)
		if (strlen(consoles[i].partition) == len &&
		    strncmp(consoles[i].partition, partition, len) == 0)
			return consoles[i].host;
	return NULL;
}

/* Of "arn:PARTITION:codebuild:REGION:ACCOUNT:build/PROJECT:BUILD". What is pushed to a
 * screen as an address is made of nothing but names. */
static void link_of(const char *arn, const char *region, struct buf *out)
{
	const char *part[6], *end[6], *p = arn;
	const char *host, *project, *build;

	for (int i = 0; i < 6; i++, p = end[i - 1] + 1) {
		part[i] = p;
		end[i] = i < 5 ? strchr(p, ':') : p + strlen(p);
		if (!end[i])
			return;
	}
	host = console_of(part[1], (size_t)(end[1] - part[1]));
	if (!host || strncmp(arn, "arn:", 4) != 0 || strncmp(part[2], "codebuild:", 10) != 0 ||
	    end[4] - part[4] != ACCOUNT || !is_one_of(part[4], ACCOUNT, DIGITS) ||
	    strncmp(part[5], "build/", 6) != 0)
		return;
	if (end[3] > part[3]) {
		char own[REGION_MAX];
		size_t n = (size_t)(end[3] - part[3]);

		if (n >= sizeof(own))
			return;
		memcpy(own, part[3], n);
		own[n] = '\0';
		if (strcmp(own, region) != 0)
			return;
	}
	if (!region_partition(region))
		return;
	project = part[5] + 6;
	build = strchr(project, ':');
	if (!build || !is_one_of(project, (size_t)(build - project), NAME) ||
	    !is_one_of(build + 1, strlen(build + 1), NAME))
		return;
	buf_addf(out, "https://%s/codesuite/codebuild/%.*s/projects/%.*s/build/%.*s%%3A%s/?region=%s", host,
		 ACCOUNT, part[4], (int)(build - project), project, (int)(build - project), project,
		 build + 1, region);
}

int target_codebuild_parse_started(const cJSON *build, const char *region, struct buf *id,
				   struct buf *outcome, struct buf *link, struct err *err)
{
	const char *text = json_string(build, "id", "");
	int64_t number = json_integer(build, "buildNumber", 0);
	size_t project;

	buf_clear(id);
	buf_clear(outcome);
	buf_clear(link);
	if (!*text || strlen(text) > ID_MAX)
		return err_set(err, ERR_UNAVAILABLE, "CodeBuild's answer names no build");
	queue_text_clean(text, ' ', 0, id);
	project = strcspn(buf_str(id), ":");
	buf_adds(outcome, "build ");
	if (number > 0 && buf_str(id)[project])
		buf_addf(outcome, "%.*s:%lld", (int)project, buf_str(id), (long long)number);
	else
		buf_adds(outcome, buf_str(id));
	buf_adds(outcome, " started");
	link_of(json_string(build, "arn", ""), region, link);
	if (link->failed) {	/* an address that is cut off is none */
		link->failed = false;
		buf_clear(link);
	}
	return id->failed || outcome->failed ?
	       err_set(err, ERR_INTERNAL, "no memory for CodeBuild's answer") : 0;
}

bool target_codebuild_parse_is_ours(const cJSON *build, const char *marker)
{
	static const char list[] = "environment.environmentVariables";
	size_t n = json_count(build, list);

	for (size_t i = 0; i < n; i++) {
		const cJSON *v = json_at(build, list, i);

		if (strcmp(json_string(v, "name", ""), TARGET_CODEBUILD_MARKER) == 0)
			return strcmp(json_string(v, "value", ""), marker) == 0;
	}
	return false;
}

bool target_codebuild_parse_state(const cJSON *answer, struct target_codebuild_state *out)
{
	const cJSON *build = json_at(answer, "builds", 0);

	*out = (struct target_codebuild_state){ 0 };
	if (!build)
		return false;
	out->status = json_string(build, "buildStatus", "IN_PROGRESS");
	out->phase = json_string(build, "currentPhase", "");
	out->group = json_string(build, "logs.groupName", "");
	out->stream = json_string(build, "logs.streamName", "");
	out->ended = json_bool(build, "buildComplete", strcmp(out->status, "IN_PROGRESS") != 0);
	return true;
}

/* A message may hold several lines, and CodeBuild ends each with a newline. */
static void add_message(const char *text, struct buf *out)
{
	struct buf clean = BUF_INIT(1 << 20);
	size_t len;

	if (queue_text_clean(text, '\n', 0, &clean) == 0) {
		for (len = clean.len; len && clean.data[len - 1] == '\n'; len--)
			;
		if (len + 1 <= out->max - out->len) {
			buf_add(out, buf_str(&clean), len);
			buf_addc(out, '\n');
		}
	}
	buf_free(&clean);
}

int target_codebuild_parse_log(const cJSON *answer, struct buf *token, struct buf *out, bool *more,
			       struct err *err)
{
	const char *next = json_string(answer, "nextForwardToken", "");
	const cJSON *events = json_get(answer, "events");

	for (const cJSON *event = events ? events->child : NULL; event; event = event->next)
		add_message(json_string(event, "message", ""), out);
	*more = *next && strcmp(next, buf_str(token)) != 0;
	if (*more) {
		buf_clear(token);
		buf_adds(token, next);
	}
	return token->failed || out->failed ? err_set(err, ERR_INTERNAL, "no memory for a log") : 0;
}
