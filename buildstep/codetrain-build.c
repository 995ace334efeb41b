/* codetrain build: runs a buildspec on this machine as CodeBuild runs it. */
#include "build.h"

#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "lib/spec/json.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPEC_MAX = 1 << 20, RESULT_MAX = 16 << 20, DEFAULT_MINUTES = 60, WEEK = 7 * 86400 };

static volatile int stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void catch_signals(void)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction end = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		sigaction(ending[i], &end, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

struct findings {
	const char *name;
	struct err *err;	/* takes the first error */
	int errors;
};

static void told(void *arg, const struct buildspec_finding *f)
{
	struct findings *all = arg;
	struct err line = { 0 };

	err_set(&line, ERR_USAGE, "%s:%d:%d: %s%s%s", all->name, f->line, f->column, f->message,
		f->fix ? "; " : "", f->fix ? f->fix : "");
	if (f->severity == BUILDSPEC_WARNING)
		term_warning("codetrain build", "%s", line.message);
	else if (all->errors++ == 0)
		*all->err = line;
	else
		term_error("codetrain build", &line);
}

static bool has_phases(const struct buildspec *spec)
{
	for (int i = 0; i < BUILDSPEC_PHASES; i++)
		if (spec->phases[i].present)
			return true;
	return false;
}

static int read_spec(struct build *b, struct err *err)
{
	struct findings all = { .name = b->options->file, .err = err };
	struct buf text = BUF_INIT(SPEC_MAX), path = BUF_INIT(PATH_MAX_BYTES);
	int rc = -1;

	if (*b->options->file != '/')
		buf_addf(&path, "%s/", b->source);
	buf_adds(&path, b->options->file);
	if (buf_check(&path, "the path of the buildspec", err) == 0 &&
	    file_read(buf_str(&path), &text, NULL, err) == 0 &&
	    buildspec_parse(buf_str(&text), text.len, b->options->file, told, &all, &b->spec, err) == 0)
		rc = b->spec ? 0 : -1;
	buf_free(&text);
	buf_free(&path);
	if (rc == 0 && (strstr(b->spec->shell, ".exe") || strcmp(b->spec->shell, "pwsh") == 0))
		rc = err_set(err, ERR_USAGE, "%s: the shell %s does not run here; use bash or /bin/sh",
			     b->options->file, b->spec->shell);
	if (rc == 0 && b->spec->has_batch && !has_phases(b->spec))
		rc = err_set(err, ERR_USAGE, "%s names other builds and has no phases of its own; run one of "
			     "them with -f", b->options->file);
	return rc;
}

static void opening_lines(struct build *b)
{
	build_output_say(&b->output, "CODEBUILD_SRC_DIR=%s", b->source);
	if (b->commit[0])
		build_output_say(&b->output, "CODEBUILD_RESOLVED_SOURCE_VERSION=%s", b->commit);
	build_output_say(&b->output, "YAML location is %s", b->options->file);
	for (int i = 0; i < BUILDSPEC_PHASES; i++)
		if (b->spec->phases[i].present)
			build_output_say(&b->output, " %s: %zu commands", buildspec_phase_names[i],
					 b->spec->phases[i].commands.n);
}

/* The folder for the copies is not there yet, or empty. */
static int folder_for(const char *path, struct err *err)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, NULL);

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return err_errno(err, "cannot look into the folder %s", path);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return n <= 2 ? 0 : err_set(err, ERR_USAGE, "--artifacts: the folder %s is not empty; name another, "
				    "or remove it", path);
}

/* 0 when the build ran, however it ended. */
static int run(struct build *b, struct err *err)
{
	if (b->options->log && build_output_open(&b->output, b->options->log, err) < 0)
		return -1;
	if ((b->options->artifacts && folder_for(b->options->artifacts, err) < 0) ||
	    build_slot_take(b, err) < 0)
		return -1;
	if (b->status != BUILD_SUCCEEDED)
		return 0;
	if (build_temporary_make(b, err) < 0 || build_checkout(b, err) < 0 ||
	    read_spec(b, err) < 0 || build_environment(b, err) < 0)
		return -1;
	opening_lines(b);
	if (build_phases(b, err) < 0)
		return -1;
	return build_gather(b, b->options->artifacts, err);
}

static int tell(struct build *b, const struct err *fault, struct err *err)
{
	struct buf text = BUF_INIT(RESULT_MAX);
	cJSON *result = build_result(b, fault);
	int rc = json_print(result, true, &text, err);

	buf_addc(&text, '\n');
	if (rc == 0 && b->options->result)
		rc = file_replace(b->options->result, text.data, text.len, 0644, err);
	if (rc == 0 && b->options->json && fwrite(text.data, 1, text.len, stdout) != text.len)
		rc = err_errno(err, "cannot write the result");
	json_free(result);
	buf_free(&text);
	return rc;
}

static void release(struct build *b)
{
	for (int i = 0; i < BUILDSPEC_PHASES; i++) {
		free(b->phases[i].command);
		free(b->phases[i].message);
	}
	free(b->upload.message);
	build_end_free(b);
	json_free(b->exported);
	json_free(b->artifacts);
	json_free(b->reports);
	for (size_t i = 0; i < b->env.n; i++)
		explicit_bzero(b->env.v[i], strlen(b->env.v[i]));
	strs_free(&b->env);
	buildspec_free(b->spec);
	free(b->temporary);
	free(b->source);
}

static int build(const struct build_options *options, struct err *err)
{
	struct build b = { .options = options, .stop = &stop, .lock = -1, .slot = -1,
			   .output = BUILD_OUTPUT_INIT(options->json ? STDERR_FILENO : STDOUT_FILENO),
			   .deadline = deadline_in(options->timeout_ms), .started_ms = clock_now_ms(),
			   .exported = cJSON_CreateObject(), .artifacts = cJSON_CreateArray(),
			   .reports = cJSON_CreateArray() };
	struct err second = { 0 };
	int rc = run(&b, err);

	/* a checkout or a question that was cut short is no fault */
	if (rc < 0 && (stop || deadline_over(b.deadline))) {
		b.status = stop ? BUILD_STATUS_STOPPED : BUILD_STATUS_TIMED_OUT;
		rc = 0;
	}
	b.ended_ms = clock_now_ms();
	if (rc == 0)
		build_output_say(&b.output, "Build complete: %s", build_status_names[b.status]);
	else
		build_output_say_text(&b.output, "Build not run: ", err->message);
	if (build_output_close(&b.output, &second) < 0 && rc == 0) {
		*err = second;
		rc = -1;
	}
	if (tell(&b, rc < 0 ? err : NULL, &second) < 0 && rc == 0) {
		*err = second;
		rc = -1;
	}
	if (build_temporary_remove(&b, &second) < 0)
		term_warning("codetrain build", "%s", second.message);
	if (rc == 0 && b.status != BUILD_SUCCEEDED)
		rc = err_set(err, ERR_NO, "the build %s%s%s",
			     b.status == BUILD_FAILED ? "failed"
			     : b.status == BUILD_STATUS_STOPPED ? "was stopped" : "timed out",
			     options->log ? "; see " : "", options->log ? options->log : "");
	build_slot_leave(&b);
	release(&b);
	return rc;
}

/* Minutes, as CodeBuild counts, or a time with a unit. */
static int timeout(const char *text, int64_t *ms, struct err *err)
{
	long seconds;
	size_t len = strlen(text);

	if (len == 0 || opt_seconds(text, &seconds) < 0 || seconds > WEEK)
		return err_set(err, ERR_USAGE,
			       "--timeout wants minutes, or a time such as 90s or 2h, not \"%s\"", text);
	if (isdigit((unsigned char)text[len - 1]))
		seconds *= 60;
	if (seconds < 1 || seconds > WEEK)
		return err_set(err, ERR_USAGE, "--timeout must be between 1 second and 7 days");
	*ms = seconds * 1000;
	return 0;
}

static int check(struct build_options *o, const char *time, struct err *err)
{
	o->timeout_ms = DEFAULT_MINUTES * 60000;
	if (time && timeout(time, &o->timeout_ms, err) < 0)
		return -1;
	if (o->repo && !o->commit)
		o->commit = "HEAD";
	if (!o->repo && o->commit)
		return err_set(err, ERR_USAGE, "--commit wants --repo, the repository it is in");
	return 0;
}

int main(int argc, char **argv)
{
	struct build_options o = { .file = "buildspec.yml" };
	const char *time = NULL;
	const struct opt options[] = {
		{ "file", 'f', OPT_STRING, &o.file, "FILE", "the buildspec, from the source directory\n"
		  "(buildspec.yml)" },
		{ "repo", 0, OPT_STRING, &o.repo, "GITDIR", "build a clean checkout of this repository" },
		{ "commit", 0, OPT_STRING, &o.commit, "REV", "which commit of it (HEAD)" },
		{ "env", 'e', OPT_LIST, &o.env, "NAME[=VALUE]",
		  "a variable that goes before the buildspec's;\nwithout a value: as it is here" },
		{ "log", 0, OPT_STRING, &o.log, "FILE", "keep the log in a file, too" },
		{ "result", 0, OPT_STRING, &o.result, "FILE", "how the build ended, as JSON" },
		{ "artifacts", 0, OPT_STRING, &o.artifacts, "DIR", "copy artifacts and reports into this folder, which\n"
		  "is made or empty" },
		{ "timeout", 0, OPT_STRING, &time, "MINUTES", "end the build after that time (60)" },
		{ "json", 0, OPT_FLAG, &o.json, NULL, "the result on standard output, the log on\n"
		  "standard error" },
		OPT_END
	};
	const struct opt_program program = {
		.name = "codetrain build", .synopsis = "[-f FILE] [--repo GITDIR [--commit REV]] [OPTION...]",
		.purpose = "Runs a buildspec.yml on this machine as CodeBuild runs it, in the current\n"
			   "directory or in a clean checkout.",
		.notes = "exit: 0 succeeded, 1 failed, timed out or stopped, 2 a bad buildspec or\n"
			 "commit, 6 and 7 a parameter or secret may or can not be read, 70 a fault of\n"
			 "this machine",
		.options = options, .max_args = 0,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO && check(&o, time, &err) == 0) {
		catch_signals();
		build(&o, &err);
	}
	strs_free(&args);
	strs_free(&o.env);
	return term_finish("codetrain build", &err);
}
