/*
 * The programs that git starts for CodeCommit: the helper and
 * git-remote-codecommit; are they there, and are they ours?
 */
#include "doctor.h"
#include "doctor_child.h"

#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The folder with this installation's programs for git; "" when they are not there. */
static void own_folder(const char *program, char *out, size_t cap)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err missing;
	char *real = NULL;

	*out = '\0';
	if (proc_sibling(program, &path, &missing) == 0)
		real = realpath(buf_str(&path), NULL);
	if (real && strrchr(real, '/'))
		snprintf(out, cap, "%.*s", (int)(strrchr(real, '/') - real), real);
	free(real);
	buf_free(&path);
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool is_own(const char *program, const char *path)
{
	struct buf own = BUF_INIT(PATH_MAX_BYTES);
	struct err missing;
	bool same = proc_sibling(program, &own, &missing) == 0 && same_file(buf_str(&own), path);

	buf_free(&own);
	return same;
}

/* What it says to --version, the first line. */
static void ask_version(const char *path, char *out, size_t cap)
{
	const char *const argv[] = { path, "--version", NULL };
	struct buf text = BUF_INIT(4096);
	struct err unstarted;

	*out = '\0';
	if (doctor_child(argv, &text, NULL, &unstarted) == 0)
		snprintf(out, cap, "%.*s", (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
	buf_free(&text);
}

/* Another copy is as good when it is of the same version. What lies in a folder that
 * depends on where we are is not run to tell: it may be a stranger's repository. */
static bool is_ours(const char *program, const char *path)
{
	char version[128], want[128];

	if (is_own(program, path))
		return true;
	if (*path != '/')
		return false;
	ask_version(path, version, sizeof(version));
	snprintf(want, sizeof(want), "%s %s", program, opt_version);
	return strcmp(version, want) == 0;
}

static void add_path_line(const struct doctor *d, const char *program, struct buf *fix)
{
	char folder[PATH_MAX_BYTES], shown[PATH_MAX_BYTES];

	own_folder(program, folder, sizeof(folder));
	if (*folder)
		buf_addf(fix, "export PATH=%s:\"$PATH\"", doctor_path(d, folder, shown, sizeof(shown)));
}

/* ---- the helper ------------------------------------------------------------------ */

static void helper_missing(struct doctor *d, const struct doctor_helper *h, const char *program)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "helper-missing",
				    .file = h->entry->file };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	struct stat st;
	char shown[PATH_MAX_BYTES];

	if (strchr(program, '/') && stat(program, &st) == 0) {
		buf_addf(&fix, "chmod +x %s", doctor_path(d, program, shown, sizeof(shown)));
		f.fix = buf_str(&fix);
		doctor_found(d, &f, "the helper %s cannot be run: it is %s", program,
			     S_ISREG(st.st_mode) ? "not executable" : "no file");
	} else {
		add_path_line(d, "git-credential-codecommit", &fix);
		f.fix = buf_str(&fix);
		doctor_found(d, &f, "git is to start %s and cannot find it%s", program,
			     strchr(program, '/') ? "" : ": it is neither on PATH nor in git's own folder");
	}
	buf_free(&fix);
}

/* A repository that came in an archive brings its .git/config along. */
static bool from_repository(const struct doctor_git_entry *e)
{
	return strcmp(e->scope, "system") != 0 && strcmp(e->scope, "global") != 0;
}

void doctor_helper_program(struct doctor *d, struct doctor_place *p)
{
	const struct doctor_helper *h = p->ours >= 0 ? &p->helpers[p->ours] : NULL;
	struct doctor_finding f = { .severity = DOCTOR_WARNING, .rule = "helper-version" };
	char program[600], found[PATH_MAX_BYTES];

	if (p->transport != DOCTOR_HTTPS || !h)
		return;
	snprintf(program, sizeof(program), "%s%s",
		 h->shell || strchr(h->program, '/') ? "" : "git-credential-", h->program);
	if (!doctor_which(d, d->git_exec_path, program, found, sizeof(found))) {
		helper_missing(d, h, program);
		return;
	}
	/* a program of the repository's own choice is not run either */
	if (from_repository(h->entry) ? is_own("git-credential-codecommit", found)
				      : is_ours("git-credential-codecommit", found))
		return;
	f.file = h->entry->file;
	doctor_found(d, &f, "git starts %s, which is not the helper of this codetrain %s", found,
		     opt_version);
}

/* ---- git-remote-codecommit ------------------------------------------------------- */

/* A script for Python: a name that pip installs, or one of its wrappers. */
static bool is_python(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256] = "";
	bool python;

	if (!f)
		return false;
	python = fgets(line, sizeof(line), f) && strncmp(line, "#!", 2) == 0 && strstr(line, "python");
	/* pip's wrapper for a long path: "#!/bin/sh" and then the interpreter */
	if (!python && strncmp(line, "#!/bin/sh", 9) == 0)
		python = fgets(line, sizeof(line), f) && strstr(line, "python");
	fclose(f);
	return python;
}

void doctor_remote_program(struct doctor *d, struct doctor_place *p)
{
	static const char program[] = "git-remote-codecommit";
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "remote-helper-missing" };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	char found[PATH_MAX_BYTES];

	if (p->transport != DOCTOR_HELPER)
		return;
	add_path_line(d, program, &fix);
	f.fix = buf_str(&fix);
	if (!doctor_which(d, d->git_exec_path, program, found, sizeof(found))) {
		doctor_found(d, &f, "git needs %s for %s and cannot find it on PATH", program, p->url);
	} else if (is_own(program, found)) {
		/* as it should be */
	} else if (is_python(found)) {
		f = (struct doctor_finding){ .severity = DOCTOR_WARNING, .file = found, .fix = f.fix,
					     .rule = "python-remote-helper" };
		doctor_found(d, &f, "the Python git-remote-codecommit comes first on PATH: it puts the "
			     "password into git's arguments, where every user of this machine can "
			     "read it");
	} else if (!is_ours(program, found)) {
		f = (struct doctor_finding){ .severity = DOCTOR_WARNING, .file = found, .fix = f.fix,
					     .rule = "remote-helper-version" };
		doctor_found(d, &f, "git starts %s, which is not that of this codetrain %s", found,
			     opt_version);
	}
	buf_free(&fix);
}
