#include "install.h"
#include "install_place.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"
#include "lib/base/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct install_hook hooks[] = {
	{ .name = "pre-push", .program = "pre-push", .closed = true },
	{ .name = "reference-transaction", .program = "reference-transaction", .server = true,
	  .steps = true },
	{ .name = "post-receive", .program = "post-receive", .server = true },
};

enum { HOOKS = sizeof(hooks) / sizeof(*hooks), QUEUE_TIMEOUT_MS = 60000 };

enum state { ABSENT, OURS, FOREIGN };

/* codetrain's hook under the name that another tool gave it: run by that tool, or
 * only put aside. */
enum kept { NOT_KEPT, KEPT_AND_RUN, KEPT_ASIDE };

/* One hook's files. */
struct slot {
	const struct install_hook *hook;
	struct buf path, previous, text, program;
	struct buf kept_path;
	enum state state;
	enum kept kept;
	bool has_previous;
	bool is_link;		/* OURS, as a link to the program */
};

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Two names of one file: an install was ended between the two steps of set_aside. */
static bool is_same(const char *a, const char *b)
{
	struct stat one, other;

	return lstat(a, &one) == 0 && lstat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

static void slot_free(struct slot *s)
{
	buf_free(&s->path);
	buf_free(&s->previous);
	buf_free(&s->text);
	buf_free(&s->program);
	buf_free(&s->kept_path);
}

/* The text of a hook; empty for one that is too large to be a script. */
static void read_text(const char *path, struct buf *out)
{
	struct err ignored = { 0 };

	if (file_read(path, out, NULL, &ignored) < 0)
		buf_clear(out);
	out->failed = false;
}

/* Other tools keep the hook that they find: pre-commit runs it, lefthook does not. */
static void find_kept(struct slot *s)
{
	static const struct {
		const char *suffix;
		enum kept kept;
	} others[] = { { ".legacy", KEPT_AND_RUN }, { ".old", KEPT_ASIDE }, { ".orig", KEPT_ASIDE } };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others) && s->kept == NOT_KEPT; i++) {
		struct buf text = BUF_INIT(INSTALL_SCRIPT_MAX), program = BUF_INIT(PATH_MAX_BYTES);

		buf_clear(&s->kept_path);
		buf_addf(&s->kept_path, "%s%s", buf_str(&s->path), others[i].suffix);
		if (exists(buf_str(&s->kept_path))) {
			read_text(buf_str(&s->kept_path), &text);
			if (install_script_program(buf_str(&text), &program) == 0)
				s->kept = others[i].kept;
		}
		buf_free(&text);
		buf_free(&program);
	}
}

static int slot_open(struct slot *s, const struct install_hook *hook, const char *dir,
		     struct err *err)
{
	*s = (struct slot){
		.hook = hook,
		.path = BUF_INIT(PATH_MAX_BYTES), .previous = BUF_INIT(PATH_MAX_BYTES),
		.text = BUF_INIT(INSTALL_SCRIPT_MAX), .program = BUF_INIT(PATH_MAX_BYTES),
		.kept_path = BUF_INIT(PATH_MAX_BYTES),
	};
	buf_addf(&s->path, "%s/%s", dir, hook->name);
	buf_addf(&s->previous, "%s" INSTALL_SUFFIX, buf_str(&s->path));
	if (buf_check(&s->previous, "the path of a hook", err) < 0)
		return -1;
	s->has_previous = exists(buf_str(&s->previous));
	if (!exists(buf_str(&s->path)))
		return 0;
	if (install_link_program(hook, buf_str(&s->path), &s->program) == 0) {
		s->state = OURS;
		s->is_link = true;
		return 0;
	}
	read_text(buf_str(&s->path), &s->text);
	s->state = install_script_program(buf_str(&s->text), &s->program) == 0 ? OURS : FOREIGN;
	if (s->state == FOREIGN)
		find_kept(s);
	return 0;
}

/* Whose hook it is, for messages. */
static const char *whose(const char *text)
{
	static const struct {
		const char *sign, *name;
	} tools[] = {
		{ "pre-commit", "pre-commit" }, { "lefthook", "lefthook" }, { "git lfs", "git-lfs" },
		{ "git-lfs", "git-lfs" },	{ "husky", "husky" },
	};

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (strstr(text, tools[i].sign))
			return tools[i].name;
	return "another tool";
}

/* Another tool wrote the hook again that codetrain has put aside. */
static bool is_again(const struct slot *s)
{
	struct buf previous = BUF_INIT(INSTALL_SCRIPT_MAX);
	bool same;

	read_text(buf_str(&s->previous), &previous);
	same = s->text.len > 0 && previous.len == s->text.len &&
	       memcmp(previous.data, s->text.data, s->text.len) == 0;
	buf_free(&previous);
	return same;
}

/* Keeps what stands there under the other name, as a second link first, so
 * that there is a hook at every moment. */
static int set_aside(struct slot *s, struct err *err)
{
	const char *from = buf_str(&s->path), *to = buf_str(&s->previous);

	if (is_same(from, to) || (s->has_previous && is_again(s)))
		return 0;
	if (s->has_previous)
		return err_set(err, ERR_CONFLICT,
			       "%s is %s's and not codetrain's, and %s is there too; keep one of them "
			       "(mv one away) and run this again", from, whose(buf_str(&s->text)), to);
	if (linkat(AT_FDCWD, from, AT_FDCWD, to, 0) < 0 && rename(from, to) < 0)
		return err_errno(err, "cannot keep %s as %s", from, to);
	s->has_previous = true;
	return 0;
}

static int put_link(struct slot *s, const char *program, bool *same, struct err *err)
{
	*same = s->is_link && strcmp(buf_str(&s->program), program) == 0;
	return *same ? 0 : install_link(buf_str(&s->path), program, err);
}

static int put_script(struct slot *s, const char *program, bool *same, struct err *err)
{
	struct buf previous = BUF_INIT(INSTALL_SCRIPT_MAX), script = BUF_INIT(INSTALL_SCRIPT_MAX);
	int rc;

	if (s->has_previous)
		read_text(buf_str(&s->previous), &previous);
	rc = install_script(s->hook, program, s->has_previous ? buf_str(&previous) : NULL, &script, err);
	if (rc == 0) {
		*same = s->state == OURS && strcmp(buf_str(&s->text), buf_str(&script)) == 0;
		rc = *same ? 0 : file_replace(buf_str(&s->path), script.data, script.len, 0755, err);
	}
	buf_free(&previous);
	buf_free(&script);
	return rc;
}

static int add(struct slot *s, struct err *err)
{
	struct buf program = BUF_INIT(PATH_MAX_BYTES);
	bool same = false;
	int rc = proc_sibling(s->hook->program, &program, err);

	if (rc == 0 && s->state == FOREIGN)
		rc = set_aside(s, err);
	if (rc == 0)
		rc = s->hook->server && !s->has_previous ? put_link(s, buf_str(&program), &same, err)
							 : put_script(s, buf_str(&program), &same, err);
	/* where lefthook put codetrain's aside, it would find no place for another */
	if (rc == 0 && s->kept == KEPT_ASIDE)
		unlink(buf_str(&s->kept_path));
	if (rc == 0)
		printf("%s %s%s%s\n", same ? "already installed:" : "installed:", buf_str(&s->path),
		       !s->has_previous ? "" : s->hook->closed ? ", before the hook that was there"
							       : ", after the hook that was there",
		       s->has_previous && s->hook->closed ? ", which goes on running" : "");
	buf_free(&program);
	return rc;
}

/* From under another tool's hook: what codetrain found takes its place there. */
static int take_from_under(struct slot *s, struct err *err)
{
	const char *kept = buf_str(&s->kept_path);

	if (s->has_previous ? rename(buf_str(&s->previous), kept) < 0 : unlink(kept) < 0)
		return err_errno(err, "cannot take away %s", kept);
	printf("uninstalled: %s, from under %s\n", kept, whose(buf_str(&s->text)));
	return 0;
}

static int take_away(struct slot *s, struct err *err)
{
	const char *path = buf_str(&s->path);

	if (s->state == ABSENT && !s->has_previous) {
		printf("not installed: %s\n", path);
		return 0;
	}
	if (s->state == FOREIGN && s->kept != NOT_KEPT)
		return take_from_under(s, err);
	if (s->state == FOREIGN) {
		printf("not codetrain's, left as it is: %s\n", path);
		return 0;
	}
	if (s->has_previous ? rename(buf_str(&s->previous), path) < 0 : unlink(path) < 0)
		return err_errno(err, "cannot take away %s", path);
	printf("uninstalled: %s%s\n", path, s->has_previous ? ", the old hook is back" : "");
	return 0;
}

/* One line; false when the hook does not do its work. */
static bool tell(const struct slot *s)
{
	const char *path = buf_str(&s->path);

	if (s->state == OURS && access(path, X_OK) == 0 &&
	    access(buf_str(&s->program), X_OK) == 0) {
		printf("%s: installed, runs %s%s\n", path, buf_str(&s->program),
		       s->has_previous ? " and the hook that was there" : "");
		return true;
	}
	if (s->state == FOREIGN && s->kept == KEPT_AND_RUN) {
		printf("%s: %s's hook, which runs codetrain's\n", path, whose(buf_str(&s->text)));
		return true;
	}
	if (s->state == OURS)
		printf("%s: broken: cannot run %s\n", path, buf_str(&s->program));
	else if (s->kept == KEPT_ASIDE)
		printf("%s: broken: %s has put codetrain's hook aside as %s and does not run it\n", path,
		       whose(buf_str(&s->text)), buf_str(&s->kept_path));
	else if (s->state == FOREIGN && s->has_previous)
		printf("%s: broken: %s has written over codetrain's hook\n", path,
		       whose(buf_str(&s->text)));
	else
		printf("%s: %s\n", path, s->state == FOREIGN ? "another hook, not codetrain's"
							      : "not installed");
	return false;
}

typedef int each_fn(struct slot *slot, struct err *err);

static int each(const struct install *install, const char *dir, each_fn *fn, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < HOOKS && rc == 0; i++) {
		struct slot s;

		if (hooks[i].server != install->server)
			continue;
		rc = slot_open(&s, &hooks[i], dir, err);
		if (rc == 0)
			rc = fn(&s, err);
		slot_free(&s);
	}
	return rc;
}

static int add_or_leave(struct slot *s, struct err *err)
{
	if (s->state == FOREIGN && s->kept == KEPT_AND_RUN) {
		printf("already installed: %s runs it\n", buf_str(&s->path));
		return 0;
	}
	return add(s, err);
}

static int tell_all(struct slot *s, struct err *err)
{
	if (tell(s))
		return 0;
	return err_set(err, ERR_NO, "mend it with: codetrain hooks install%s",
		       s->hook->server ? " --server" : "");
}

/* The queue begins with where the refs are now. It belongs to whom the hooks run as; without it
 * the first push makes it. */
static void make_queue(void)
{
	struct buf program = BUF_INIT(PATH_MAX_BYTES), said = BUF_INIT(4096);
	struct proc_result result = { 0 };
	struct err err = { 0 };
	struct stat st;

	if (stat("objects", &st) == 0 && st.st_uid != geteuid()) {
		term_note("codetrain hooks", "as the owner of the repository, run: codetrain queue init");
	} else if (proc_sibling("codetrain-queue", &program, &err) == 0) {
		const char *const argv[] = { buf_str(&program), "init", NULL };
		const struct proc p = { .argv = argv, .out = &said, .merge = true,
					.timeout_ms = QUEUE_TIMEOUT_MS };

		if (proc_run(&p, &result, &err) < 0)
			term_warning("codetrain hooks", "%s", err.message);
		else if (result.exit_code)
			term_warning("codetrain hooks", "the queue is not made yet: %.*s",
				     (int)strcspn(buf_str(&said), "\n"), buf_str(&said));
	}
	buf_free(&program);
	buf_free(&said);
}

int install_add(const struct install *install, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	int rc = install_place(install, true, &dir, err);

	if (rc == 0)
		rc = file_make_dirs(buf_str(&dir), 0777, err);
	if (rc == 0)
		rc = each(install, buf_str(&dir), add_or_leave, err);
	if (rc == 0)
		install_place_warn(install, buf_str(&dir));
	if (rc == 0 && install->server)
		make_queue();
	buf_free(&dir);
	return rc;
}

int install_remove(const struct install *install, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	int rc = install_place(install, false, &dir, err);

	if (rc == 0)
		rc = each(install, buf_str(&dir), take_away, err);
	if (rc == 0 && install->global)
		rc = install_place_forget(buf_str(&dir), err);
	buf_free(&dir);
	return rc;
}

int install_status(const struct install *install, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	int rc = install_place(install, false, &dir, err);

	if (rc == 0)
		rc = each(install, buf_str(&dir), tell_all, err);
	buf_free(&dir);
	return rc;
}
