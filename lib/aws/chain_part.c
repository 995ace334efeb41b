#include "chain_part.h"

#include <string.h>

const char *chain_part_environment(const struct chain_input *in, const char *name)
{
	const char *v = in->getenv(name);

	return v && *v ? v : NULL;
}

const char *chain_part_property(const struct chain_question *q, const char *name)
{
	struct awsconfig_value v;

	return awsconfig_get(q->in->config, q->profile, name, &v) && *v.value ? v.value : NULL;
}

int chain_part_place(const struct chain_question *q, const char *name, struct err *err)
{
	struct awsconfig_value v;

	if (awsconfig_get(q->in->config, q->profile, name, &v))
		err_prefix(err, "%s:%d: ", v.file, v.line);
	return -1;
}

int chain_part_one_line(const struct chain_question *q, const char *name, struct err *err)
{
	const char *value = chain_part_property(q, name);

	if (!value || !strchr(value, '\n'))
		return 0;
	err_set(err, ERR_USAGE, "%s of profile \"%s\" goes on in the next line, which is indented; "
		"take the spaces at its beginning away", name, q->profile);
	return chain_part_place(q, name, err);
}

bool chain_part_is_role(const struct chain_question *q)
{
	return chain_part_property(q, "role_arn") && !chain_part_property(q, "web_identity_token_file");
}

bool chain_part_has_keys(const struct chain_question *q)
{
	struct awsconfig_value v;

	return awsconfig_get(q->in->config, q->profile, "aws_access_key_id", &v) ||
	       awsconfig_get(q->in->config, q->profile, "aws_secret_access_key", &v);
}
