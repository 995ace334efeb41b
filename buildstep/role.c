#include "role.h"

#include "lib/aws/region.h"

#include <stdio.h>
#include <string.h>

static int check(const char *role, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				      "+=,.@_-/";

	if (!*role || strlen(role) > 576 || strspn(role, allowed) != strlen(role))
		return err_set(err, ERR_USAGE, "\"%.80s\" is neither the name nor the ARN of a role",
			       role);
	return 0;
}

static int copy(const char *arn, char out[static ROLE_ARN_MAX], struct err *err)
{
	int n = snprintf(out, ROLE_ARN_MAX, "%s", arn);

	return n < ROLE_ARN_MAX ? 0 : err_set(err, ERR_USAGE, "the role's ARN is too long");
}

int role_arn_made(struct aws *who, const char *role, char out[static ROLE_ARN_MAX],
		  struct err *err)
{
	const struct partition *p = region_partition(aws_region(who));
	const char *account;

	if (strncmp(role, "arn:", 4) == 0)
		return copy(role, out, err);
	if (check(role, err) < 0 || aws_account(who, &account, err) < 0)
		return -1;
	snprintf(out, ROLE_ARN_MAX, "arn:%s:iam::%s:role/%s", p ? p->name : "aws", account, role);
	return 0;
}

int role_arn(struct aws *who, const char *role, char out[static ROLE_ARN_MAX], struct err *err)
{
	cJSON *q, *answer = NULL;
	const char *slash, *arn;
	int result;

	if (strncmp(role, "arn:", 4) == 0)
		return copy(role, out, err);
	if (check(role, err) < 0)
		return -1;
	q = cJSON_CreateObject();
	slash = strrchr(role, '/');	/* GetRole wants the name without its path */
	if (json_set_string(q, "RoleName", slash ? slash + 1 : role) < 0) {
		json_free(q);
		return err_set(err, ERR_INTERNAL, "no memory to look up a role");
	}
	result = aws_call(who, "iam:GetRole", q, &answer, err);
	json_free(q);
	if (result == 0) {
		result = json_need(answer, "Role.Arn", "the answer of iam", &arn, err) < 0 ?
				 -1 : copy(arn, out, err);
		json_free(answer);
		return result;
	}
	if (strcmp(aws_error_code(who), "NoSuchEntity") == 0)
		return err_set(err, ERR_NO, "there is no role %s in %s; codetrain grant apply -f "
			       "accounts.json makes the roles of the story", role, aws_label(who));
	if (err->class != ERR_ACCESS || !*aws_error_code(who))
		return -1;
	return role_arn_made(who, role, out, err);	/* it may be used without being looked at */
}
