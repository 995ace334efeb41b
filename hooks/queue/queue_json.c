#include "queue_json.h"
#include "queue_text.h"
#include "lib/base/clock.h"

int queue_json_clean(cJSON *object, const char *path, const char *text)
{
	struct buf clean = BUF_INIT(1 << 20);
	int rc = -1;

	if (queue_text_clean(text, '\n', 0, &clean) == 0)
		rc = json_set_string(object, path, buf_str(&clean));
	buf_free(&clean);
	return rc;
}

int queue_json_time(cJSON *object, const char *path, int64_t ms)
{
	char text[CLOCK_EXTENDED_LEN];

	clock_extended(ms / 1000, text);
	return json_set_string(object, path, text);
}

int queue_json_print(FILE *out, const cJSON *tree, struct err *err)
{
	struct buf text = BUF_INIT(QUEUE_JSON_MAX);
	int rc = json_print(tree, true, &text, err);

	if (rc == 0)
		fprintf(out, "%s\n", buf_str(&text));
	buf_free(&text);
	return rc;
}
