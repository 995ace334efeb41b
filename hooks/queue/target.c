#include "target.h"

#include <string.h>

enum { TARGETS_MAX = 16 };

const struct target *const target_table[] = {
	&target_local,
	&target_codebuild,
	&target_eventbridge,
	&target_codepipeline,
	&target_sqs,
	&target_mirror,
	&target_exec,
	NULL
};

const struct target *target_find(const struct target *const *table, const char *name)
{
	for (; *table; table++)
		if (strcmp((*table)->name, name) == 0)
			return *table;
	return NULL;
}

/* A row's name wins, so that no configuration can turn "local" into something else. */
const struct target *target_of(const struct target *const *table,
			       const struct queue_config *config, const char *instance)
{
	const struct target *target = target_find(table, instance);
	const char *type = target ? NULL : queue_config_own(config, instance, "type");

	return type ? target_find(table, type) : target;
}

/* Every pusher reads it: what stands before a host may be a password, or a token in its place. */
static void add_label(const char *label, struct buf *out)
{
	const char *colon = strstr(label, "://"), *host = colon ? colon + 3 : label;
	const char *at = colon ? memrchr(host, '@', strcspn(host, "/?#")) : NULL;
	bool named = at && strncmp(label, "ssh://", 6) == 0 && !memchr(host, ':', (size_t)(at - host));

	if (at && !named)
		buf_addf(out, " %.*s%s", (int)(host - label), label, at + 1);
	else
		buf_addf(out, " %s", label);
}

int target_summary(const struct target *const *table, const struct queue_config *config,
		   struct buf *out, struct err *err)
{
	const char *names[TARGETS_MAX];
	size_t n = queue_config_all(config, NULL, "target", names, TARGETS_MAX);

	if (n == 0)
		buf_adds(out, "nowhere: set a target with: git config codetrain.target local");
	for (size_t i = 0; i < n; i++) {
		const struct target *t = target_of(table, config, names[i]);
		const char *label = t && t->label ? queue_config_get(config, names[i], t->label, NULL)
						  : NULL;

		buf_addf(out, "%s%s", i ? ", " : "", names[i]);
		if (label)
			add_label(label, out);
		else if (!t)
			buf_adds(out, " (no such target)");
		else if (t->label)
			buf_addf(out, " (codetrain.%s%s%s is not set)",
				 strcmp(t->name, names[i]) == 0 ? "" : names[i],
				 strcmp(t->name, names[i]) == 0 ? "" : ".", t->label);
	}
	return buf_check(out, "the list of targets", err);
}
