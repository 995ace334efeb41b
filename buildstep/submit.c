#include "submit.h"

#include "explain.h"
#include "lib/base/clock.h"
#include "lib/base/opt.h"
#include "name.h"
#include "pin.h"
#include "result.h"
#include "role.h"

#include <string.h>

enum { REPORT_MAX = 256 << 10 };

/* The name, and tags that say where the job comes from. A name that the request
 * has already is taken as it is. */
static int finish(cJSON *tree, const struct submit_options *o, const struct submit_build *build,
		  struct err *err)
{
	const char *image = json_string(tree, "AlgorithmSpecification.TrainingImage", "");
	const char *name = json_string(tree, "TrainingJobName", NULL);
	const char *at = strchr(image, '@');
	char hash[HASH_HEX_LEN], base[NAME_LEN], made[NAME_LEN], suffix[24] = "";

	if (name_fingerprint(tree, build->commit, hash, err) < 0)
		return -1;
	if (!name || o->fresh) {
		if (o->request.base_name || name)
			name_tidy(o->request.base_name ? o->request.base_name : name, NAME_LEN - 1,
				  base);
		else
			name_of_image(image, base);
		if (o->fresh)
			snprintf(suffix, sizeof(suffix), "%llx", (long long)clock_now());
		name_job(base, hash, suffix, made);
		if (json_set_string(tree, "TrainingJobName", made) < 0)
			return err_set(err, ERR_INTERNAL, "no memory for the job's name");
	}
	hash[16] = '\0';
	if (request_tag(tree, NAME_TAG_PREFIX "commit", build->commit, err) < 0 ||
	    request_tag(tree, NAME_TAG_PREFIX "repository", build->repository, err) < 0 ||
	    request_tag(tree, NAME_TAG_PREFIX "build", build->build, err) < 0 ||
	    request_tag(tree, NAME_TAG_PREFIX "digest", at ? at + 1 : "", err) < 0 ||
	    request_tag(tree, NAME_TAG_PREFIX "request", hash, err) < 0 ||
	    request_tag(tree, NAME_TAG_PREFIX "version", opt_version, err) < 0)
		return -1;
	return 0;
}

/* What only the accounts know: the role's ARN and the image's digest. */
static int look_up(struct identity *id, cJSON *tree, const struct submit_options *o,
		   struct err *err)
{
	const struct explain_about about = { .role = json_string(tree, "RoleArn", NULL) };
	const char *role = json_string(tree, "RoleArn", "");
	char arn[ROLE_ARN_MAX];

	if (identity_ready(id, err) < 0) {
		explain_missing_grant(err->message, &about, err);
		return -1;
	}
	if (strncmp(role, "arn:", 4) != 0) {
		if (role_arn(id->job, role, arn, err) < 0)
			return -1;
		if (json_set_string(tree, "RoleArn", arn) < 0)
			return err_set(err, ERR_INTERNAL, "no memory for the role's ARN");
	}
	return pin_image(id, tree, o->waiting.states, err);
}

static int print_request(const cJSON *tree, struct err *err)
{
	struct buf text = BUF_INIT(4 << 20);
	int result = json_print(tree, true, &text, err);

	if (result == 0)
		printf("%s\n", buf_str(&text));
	buf_free(&text);
	return result;
}

/* Prints what would be sent, complete or not, and says what would stop it. */
static int dry_run(struct identity *id, cJSON *tree, const struct submit_options *o,
		   const struct submit_build *build, struct err *err)
{
	struct err ignored = { 0 };
	int result = look_up(id, tree, o, err);

	if (result < 0)
		err_prefix(err, "nothing was submitted, and it would stop here: ");
	if (finish(tree, o, build, result < 0 ? &ignored : err) < 0 ||
	    print_request(tree, result < 0 ? &ignored : err) < 0)
		return -1;
	return result;
}

static int attached_note(const struct submit_options *o, const cJSON *described)
{
	const char *status = json_string(described, "TrainingJobStatus", "");

	fprintf(o->waiting.states, "attached to %s, which is this request's job already: %s\n",
		json_string(described, "TrainingJobName", ""), status);
	return 0;
}

static int outcome(const struct submit_result *out, struct err *err)
{
	if (result_outcome(out->described, err) == 0)
		return 0;
	if (out->attached)
		err_suffix(err, "; that was before this run: codetrain submit --new trains again");
	return -1;
}

static int create_and_wait(struct identity *id, const cJSON *tree, const struct submit_options *o,
			   struct submit_result *out, struct err *err)
{
	const char *job = json_string(tree, "TrainingJobName", "");
	cJSON *described = NULL;
	int result;

	if (submit_create(id, tree, out, err) < 0)
		return -1;
	if (out->attached)
		attached_note(o, out->described);
	else
		fprintf(o->waiting.states, "submitted %s\n", job);
	if (!o->wait)
		return outcome(out, err);
	result = wait_job(id, job, &o->waiting, &described, err);
	if (described) {
		json_free(out->described);
		out->described = described;
	}
	if (result < 0)
		return -1;
	result_summary(out->described, o->waiting.states);
	return outcome(out, err);
}

/* With several faults all are told, and with one the error says it all. */
static int validate(const struct request *request, const struct submit_options *o,
		    const char *region, struct err *err)
{
	struct buf report = BUF_INIT(REPORT_MAX);
	int faults = 0, result = request_validate(request, region, &report, &faults, err);

	if (faults > 1)
		err_set(err, ERR_USAGE, "the request has %d faults; nothing was sent", faults);
	if (faults != 1)	/* several, or warnings alone */
		fputs(buf_str(&report), o->waiting.states);
	buf_free(&report);
	return result;
}

/* The spec is judged first, for the region when that is known. */
static int prepare(const struct submit_options *o, struct request *request, struct identity *id,
		   struct err *err)
{
	struct err e = { 0 };
	int opened;

	if (!o->wait && (o->waiting.timeout || o->waiting.stop_on_signal || !o->waiting.logs))
		return err_set(err, ERR_USAGE, "--timeout, --no-logs and --stop-on-signal go with "
			       "--wait");
	if (o->fresh && o->request.job_name)
		return err_set(err, ERR_USAGE, "--new makes a name of its own, --job-name is one");
	if (request_make(&o->request, template_environment, NULL, request, err) < 0)
		return -1;
	opened = identity_open(id, &o->identity, o->waiting.stop, &e);
	if (validate(request, o, opened == 0 ? aws_region(id->home) : NULL, err) < 0)
		return -1;
	if (opened < 0) {
		*err = e;
		return -1;
	}
	return pin_check(request->tree, aws_region(id->home), err);
}

int submit_run(const struct submit_options *o, const struct submit_build *build,
	       struct submit_result *out, struct err *err)
{
	struct request request = REQUEST_INIT;
	struct identity id = { 0 };
	int result = -1;

	if (prepare(o, &request, &id, err) < 0)
		goto out;
	if (o->dry_run) {
		result = dry_run(&id, request.tree, o, build, err);
		goto out;
	}
	if (look_up(&id, request.tree, o, err) < 0 || finish(request.tree, o, build, err) < 0)
		goto out;
	result = create_and_wait(&id, request.tree, o, out, err);
out:
	if (result == 0)
		err->class = ERR_NONE;	/* of what was tried on the way */
	identity_close(&id);
	request_free(&request);
	return result;
}
