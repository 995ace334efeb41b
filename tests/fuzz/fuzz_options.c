/* Push options against a server's configuration, both from the input: the first line is
 * the allow-list. What is accepted is allowed, whole, once a name; what is refused is one
 * line fit for a terminal; the same input gives the same. */
#include "hooks/queue/queue_answer.h"
#include "hooks/queue/queue_options.h"
#include "hooks/queue/queue_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void look(const struct queue_options *o)
{
	must(o->env.n <= QUEUE_OPTIONS_ENV && o->refused.n <= 11);
	must(!o->wait || (o->wait_ms >= 0 && o->wait_ms <= QUEUE_OPTIONS_WAIT_MOST_MS));
	for (size_t i = 0; i < o->env.n; i++) {
		const char *equals = strchr(o->env.v[i], '=');
		size_t n;

		must(equals && equals > o->env.v[i] && !strchr(o->env.v[i], '\n'));
		must(strncmp(o->env.v[i], "AWS_", 4) != 0 && strncmp(o->env.v[i], "LD_", 3) != 0 &&
		     strncmp(o->env.v[i], "PATH=", 5) != 0 &&
		     strncmp(o->env.v[i], "CODETRAIN_", 10) != 0);
		n = (size_t)(equals - o->env.v[i]) + 1;
		for (size_t k = 0; k < i; k++)
			must(strncmp(o->env.v[i], o->env.v[k], n) != 0);
	}
	for (size_t i = 0; i < o->refused.n; i++) {
		struct buf clean = BUF_INIT(4096);

		must(queue_text_clean(o->refused.v[i], ' ', 0, &clean) == 0);
		must(strcmp(buf_str(&clean), o->refused.v[i]) == 0);
		buf_free(&clean);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct queue_options o = QUEUE_OPTIONS_INIT, again = QUEUE_OPTIONS_INIT;
	struct err err = { 0 };
	char *text = malloc(size + 1), *lines;

	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	lines = strchr(text, '\n');
	if (lines)
		*lines++ = '\0';
	strs_add(&config.keys, "codetrain.env");
	strs_add(&config.values, text);
	strs_add(&config.keys, "codetrain.wait");
	strs_add(&config.values, text);
	must(queue_options_parse(lines ? lines : "", &config, "codebuild", &o, &err) == 0);
	must(queue_options_parse(lines ? lines : "", &config, "codebuild", &again, &err) == 0);
	must(o.env.n == again.env.n && o.refused.n == again.refused.n && o.wait_ms == again.wait_ms);
	look(&o);
	must(queue_answer_time(text) >= 0 && queue_answer_time(text) <= QUEUE_ANSWER_MOST_MS);
	queue_options_free(&o);
	queue_options_free(&again);
	queue_config_free(&config);
	free(text);
	return 0;
}
