/* What targets' services answer: any JSON gives a text that is fit for a terminal, an
 * address that is made of names, or a failure. */
#include "hooks/queue/queue_text.h"
#include "hooks/queue/target_codebuild_parse.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	cJSON *answer = json_parse((const char *)data, size, "answer", &err);

	if (!answer)
		return 0;
	codebuild(answer);
	json_free(answer);
	return 0;
}
