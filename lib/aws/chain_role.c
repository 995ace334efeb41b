#include "chain_part.h"

#include <string.h>

enum { ROLES_MAX = 16 };	/* roles in one line of source profiles */

/* From a role to the source of its source …, and the way back. */
struct way {
	struct chain_question q;
	const struct way *before;
	int length;
};

/* The profile that `q`'s role names as its source; NULL with an error. */
static const char *source_profile(const struct chain_question *q, struct err *err)
{
	const char *source = chain_part_property(q, "source_profile");

	if (source && awsconfig_has_profile(q->in->config, source))
		return source;
	if (source)
		err_set(err, ERR_USAGE, "profile \"%s\" has source_profile \"%.200s\", and there is "
			"no such profile; run aws configure --profile %.200s", q->profile, source,
			source);
	else
		err_set(err, ERR_USAGE, "profile \"%s\" has role_arn but neither source_profile nor "
			"credential_source; run aws configure set source_profile NAME --profile %s",
			q->profile, q->profile);
	chain_part_place(q, source ? "source_profile" : "role_arn", err);
	return NULL;
}

/* Environment, EcsContainer or Ec2InstanceMetadata. */
static int credential_source(const struct chain_question *q, const char *name,
			     struct chain_choice *out, struct err *err)
{
	enum chain_provider provider;

	if (chain_part_named(name, &provider) == 0) {
		*out = (struct chain_choice){ provider, q->profile, true };
		return 0;
	}
	err_set(err, ERR_USAGE, "profile \"%s\" has credential_source \"%.64s\"; it is to be "
		"Environment, EcsContainer or Ec2InstanceMetadata", q->profile, name);
	return chain_part_place(q, "credential_source", err);
}

static int role_source(const struct way *way, struct chain_choice *out, struct err *err);

/* Was the profile on the way before its end? */
static bool visited(const struct way *way, const char *profile)
{
	for (way = way->before; way; way = way->before)
		if (strcmp(way->q.profile, profile) == 0)
			return true;
	return false;
}

static int circle(const struct chain_question *q, struct err *err)
{
	err_set(err, ERR_USAGE, "the source profiles of \"%s\" go round in a circle; give one of "
		"them a source_profile with keys", q->profile);
	return chain_part_place(q, "source_profile", err);
}

/* The source profile of a role, which may be a role itself. Only a profile that
 * has keys may be its own source. */
static int role_source_profile(const struct way *way, struct chain_choice *out, struct err *err)
{
	const struct chain_question *q = &way->q;
	const struct way next = { { q->in, source_profile(q, err), true }, way, way->length + 1 };
	struct chain_choice further;
	int answer;

	if (!next.q.profile)
		return -1;
	if (visited(way, next.q.profile) || next.length > ROLES_MAX)
		return circle(q, err);
	if (chain_part_is_role(&next.q) && !chain_part_has_keys(&next.q)) {
		if (strcmp(next.q.profile, q->profile) == 0)
			return circle(q, err);
		if (role_source(&next, &further, err) < 0)
			return -1;
		*out = (struct chain_choice){ CHAIN_ASSUME_ROLE, next.q.profile, true };
		return 0;
	}
	answer = chain_part_ask(&next.q, out, err);
	if (answer == 0) {
		err_set(err, ERR_USAGE, "profile \"%s\" has source_profile \"%s\", which has no "
			"credentials; run aws configure --profile %s", q->profile, next.q.profile,
			next.q.profile);
		return chain_part_place(q, "source_profile", err);
	}
	return answer < 0 ? -1 : 0;
}

static int role_source(const struct way *way, struct chain_choice *out, struct err *err)
{
	static const char *const single[] = { "role_arn", "source_profile", "credential_source" };
	const struct chain_question *q = &way->q;
	const char *named = chain_part_property(q, "credential_source");

	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
		if (chain_part_one_line(q, single[i], err) < 0)
			return -1;
	if (named && chain_part_property(q, "source_profile")) {
		err_set(err, ERR_USAGE, "profile \"%s\" has both source_profile and "
			"credential_source; take one of them out", q->profile);
		return chain_part_place(q, "credential_source", err);
	}
	if (named)
		return credential_source(q, named, out, err);
	return role_source_profile(way, out, err);
}

/* 900 seconds to 12 hours, as STS has it. What is no number counts as unset,
 * as in the AWS CLI. */
static int duration(const struct chain_question *q, long *out, struct err *err)
{
	const char *s = chain_part_property(q, "duration_seconds");
	long v = 0;

	*out = 0;
	if (!s || s[strspn(s, "0123456789")])
		return 0;
	for (; *s && v < 100000; s++)
		v = v * 10 + (*s - '0');
	if (v < 900 || v > 43200) {
		err_set(err, ERR_USAGE, "duration_seconds of profile \"%s\" is to be 900 to 43200",
			q->profile);
		return chain_part_place(q, "duration_seconds", err);
	}
	*out = v;
	return 0;
}

int chain_role(const struct chain_input *in, const char *profile, struct chain_role *out,
	       struct err *err)
{
	const struct chain_question q = { in, profile, false };
	const struct way way = { q, NULL, 0 };
	struct chain_role role = {
		.arn = chain_part_property(&q, "role_arn"),
		.external_id = chain_part_property(&q, "external_id"),
		.session_name = chain_part_property(&q, "role_session_name"),
		.mfa_serial = chain_part_property(&q, "mfa_serial"),
	};

	if (!role.arn)
		return err_set(err, ERR_USAGE, "profile \"%s\" has no role_arn", profile);
	if (role_source(&way, &role.source, err) < 0 || duration(&q, &role.duration, err) < 0)
		return -1;
	*out = role;
	return 0;
}
