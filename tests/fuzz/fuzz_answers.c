/* What targets' services and git answer: anything gives a text that is fit for a terminal,
 * an address that is made of names, or a failure. */
#include "hooks/queue/queue_text.h"
#include "hooks/queue/target_answers.h"
#include "hooks/queue/target_codebuild_parse.h"
#include "hooks/queue/target_mirror_parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void must_be_clean(const struct buf *text)
{
	struct buf again = BUF_INIT(1 << 20);

	must(strlen(buf_str(text)) == text->len);
	must(queue_text_clean(buf_str(text), '\n', 0, &again) == 0);
	must(strcmp(buf_str(&again), buf_str(text)) == 0);
	buf_free(&again);
}

static void must_be_address(const char *link)
{
	static const char hosts[] = "https://console.", names[] = "0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./:%?=";

	if (!*link)
		return;
	must(strncmp(link, hosts, sizeof(hosts) - 1) == 0);
	must(strspn(link, names) == strlen(link));
	must(!strstr(link, ".."));
}

static void codebuild(const cJSON *answer)
{
	struct buf id = BUF_INIT(400), outcome = BUF_INIT(400), link = BUF_INIT(400);
	struct buf token = BUF_INIT(64), log = BUF_INIT(4096);
	struct target_codebuild_state state;
	struct err err = { 0 };
	bool more;

	if (target_codebuild_parse_started(json_get(answer, "build"), "us-east-2", &id, &outcome, &link,
					   &err) == 0) {
		must_be_clean(&id);
		must_be_clean(&outcome);
		must(!strchr(buf_str(&outcome), '\n') && id.len > 0);
		must_be_address(buf_str(&link));
	}
	target_codebuild_parse_is_ours(json_get(answer, "build"), "u/1");
	if (target_codebuild_parse_state(answer, &state))
		must(state.status && state.phase && state.group && state.stream);
	if (target_codebuild_parse_log(answer, &token, &log, &more, &err) == 0) {
		must_be_clean(&log);
		must(!log.len || log.data[log.len - 1] == '\n');
		must(target_codebuild_parse_log(answer, &token, &log, &more, &err) < 0 || !more);
	}
	buf_free(&id);
	buf_free(&outcome);
	buf_free(&link);
	buf_free(&token);
	buf_free(&log);
}

static void others(const cJSON *answer)
{
	static int (*const readers[])(const cJSON *, struct buf *, struct buf *, struct err *) = {
		target_answers_pipeline, target_answers_events, target_answers_message,
	};
	struct buf external = BUF_INIT(400), outcome = BUF_INIT(400), link = BUF_INIT(400);
	struct err err = { 0 };

	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
		if (readers[i](answer, &external, &outcome, &err) == 0) {
			must_be_clean(&external);
			must_be_clean(&outcome);
			must(external.len > 0 && !strchr(buf_str(&outcome), '\n'));
			target_answers_pipeline_link("us-east-2", "p", buf_str(&external), &link);
			must_be_address(buf_str(&link));
		} else {
			must(external.len == 0 && outcome.len == 0);
		}
	}
	target_answers_execution(answer, "a", 1);
	target_answers_execution(json_at(answer, "pipelineExecutionSummaries", 0), NULL, 0);
	target_answers_variable(answer, "a", "b");
	buf_free(&external);
	buf_free(&outcome);
	buf_free(&link);
}

static void mirror(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (int code = 0; code < 4; code++) {
		struct err err = { 0 };
		int rc = target_mirror_parse(code == 3 ? 128 : code, text, code & 1, &err);

		must(rc == 0 || (rc == -1 && err.class != ERR_NONE && err.message[0]));
		must(!strchr(err.message, '\n'));
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	cJSON *answer = json_parse((const char *)data, size, "answer", &err);

	mirror(data, size);
	if (!answer)
		return 0;
	codebuild(answer);
	others(answer);
	json_free(answer);
	return 0;
}
