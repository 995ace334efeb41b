#include "explain.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum about {
	ABOUT_NOTHING, ABOUT_ROLE, ABOUT_IMAGE, ABOUT_READ, ABOUT_WRITE, ABOUT_PASS, ABOUT_SECRET,
	ABOUT_ASSUME, ABOUT_IDENTITY, ABOUT_ACCOUNT,
};

/*
 * From the error texts of SageMaker's API and of FailureReason. The first row
 * whose every word occurs decides, so the narrow ones stand first.
 */
static const struct {
	const char *words[3];
	enum about about;
} table[] = {
	{ { "Cross-account pass role" }, ABOUT_ACCOUNT },
	{ { "iam:PassRole" }, ABOUT_PASS },
	{ { "not authorized to perform: secretsmanager:" }, ABOUT_SECRET },
	{ { "not authorized to perform: sts:AssumeRole" }, ABOUT_ASSUME },
	{ { "No S3 objects", "denied" }, ABOUT_READ },
	{ { "No S3 objects" }, ABOUT_NOTHING },	/* it names the right, but the prefix is empty */
	{ { "ecr:" }, ABOUT_IMAGE },
	{ { "ECR", "denied" }, ABOUT_IMAGE },
	{ { "ECR", "permission" }, ABOUT_IMAGE },
	{ { "image", "pull" }, ABOUT_IMAGE },
	{ { "image", "not authorized" }, ABOUT_IMAGE },
	{ { "image", "denied" }, ABOUT_IMAGE },
	{ { "s3:PutObject" }, ABOUT_WRITE },
	{ { "upload", "denied" }, ABOUT_WRITE },
	{ { "upload", "403" }, ABOUT_WRITE },
	/* the text for an unreadable artefact names the role's trust as well */
	{ { "s3:GetObject" }, ABOUT_READ },
	{ { "s3:ListBucket" }, ABOUT_READ },
	{ { "download", "denied" }, ABOUT_READ },
	{ { "download", "403" }, ABOUT_READ },
	{ { "model data", "access" }, ABOUT_READ },
	{ { "S3", "denied" }, ABOUT_READ },
	{ { "assume role" }, ABOUT_ROLE },
	{ { "role", "does not exist" }, ABOUT_ROLE },
	{ { "trust relationship" }, ABOUT_ROLE },
	{ { "not authorized to perform" }, ABOUT_IDENTITY },
};

static bool says(const char *said, const char *const words[3])
{
	for (size_t i = 0; i < 3 && words[i]; i++)
		if (!strcasestr(said, words[i]))
			return false;
	return true;
}

/* "role SageMakerExecutionRole of account 222222222222" */
static void name_role(const char *arn, char out[static 256])
{
	const char *account = arn ? strstr(arn, "::") : NULL;
	const char *name = arn ? strrchr(arn, '/') : NULL;

	if (account && name)
		snprintf(out, 256, "role %.128s of account %.12s", name + 1, account + 2);
	else
		snprintf(out, 256, "the execution role");
}

static const char *or_it(const char *s, const char *otherwise)
{
	return s && *s ? s : otherwise;
}

void explain_missing_grant(const char *said, const struct explain_about *about, struct err *err)
{
	char role[256];
	size_t i = 0;

	while (i < sizeof(table) / sizeof(*table) && !says(said, table[i].words))
		i++;
	if (i == sizeof(table) / sizeof(*table) || table[i].about == ABOUT_NOTHING ||
	    strstr(err->message, "the grant that is missing"))
		return;
	if (err->class == ERR_USAGE)
		err->class = ERR_ACCESS;	/* the request is right, it is not allowed yet */
	name_role(about->role, role);
	if (table[i].about == ABOUT_ACCOUNT) {	/* no grant helps */
		err_suffix(err, "; %s: give that account's --secret, --role-arn or --profile", role);
		return;
	}
	switch (table[i].about) {
	case ABOUT_NOTHING:
	case ABOUT_ACCOUNT:
		break;
	case ABOUT_SECRET:
		err_suffix(err, "; the grant that is missing: reading the secret for the build's role");
		break;
	case ABOUT_ASSUME:
		err_suffix(err, "; the grant that is missing: assuming that role for the build's role "
			   "(its own policy and the trust of the other)");
		break;
	case ABOUT_ROLE:
		err_suffix(err, "; the grant that is missing: %s, with sagemaker.amazonaws.com in "
			   "its trust policy", role);
		break;
	case ABOUT_IMAGE:
		err_suffix(err, "; the grant that is missing: the pull of %s for %s (the ECR "
			   "repository's policy and the role's own)",
			   or_it(about->image, "the image"), role);
		break;
	case ABOUT_READ:
		err_suffix(err, "; the grant that is missing: reading %s for %s (the bucket's policy "
			   "and the role's own)", or_it(about->data, "the data"), role);
		break;
	case ABOUT_WRITE:
		err_suffix(err, "; the grant that is missing: writing %s for %s",
			   or_it(about->output, "the output"), role);
		break;
	case ABOUT_PASS:
		err_suffix(err, "; the grant that is missing: iam:PassRole on %s for who calls", role);
		break;
	case ABOUT_IDENTITY:
		err_suffix(err, "; the grant that is missing: that action for who calls");
		break;
	}
	err_suffix(err, "; codetrain grant apply -f accounts.json");
}
