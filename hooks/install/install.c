#include "install.h"
#include "install_place.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct install_hook hooks[] = {
	{ .name = "pre-push", .program = "pre-push", .closed = true },
	{ .name = "post-receive", .program = "post-receive", .server = true },
};

enum { HOOKS = sizeof(hooks) / sizeof(*hooks) };

enum state { ABSENT, OURS, FOREIGN };

/* One hook's files. */
struct slot {
	const struct install_hook *hook;
	struct buf path, previous, text, program;
	enum state state;
	bool has_previous;
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
}

/* The text of a hook; empty for one that is too large to be a script. */
static void read_text(const char *path, struct buf *out)
{
	struct err ignored = { 0 };

	if (file_read(path, out, NULL, &ignored) < 0)
		buf_clear(out);
	out->failed = false;
}

static int slot_open(struct slot *s, const struct install_hook *hook, const char *dir,
		     struct err *err)
{
	*s = (struct slot){
		.hook = hook,
		.path = BUF_INIT(PATH_MAX_BYTES), .previous = BUF_INIT(PATH_MAX_BYTES),
		.text = BUF_INIT(INSTALL_SCRIPT_MAX), .program = BUF_INIT(PATH_MAX_BYTES),
	};
	buf_addf(&s->path, "%s/%s", dir, hook->name);
	buf_addf(&s->previous, "%s" INSTALL_SUFFIX, buf_str(&s->path));
	if (buf_check(&s->previous, "the path of a hook", err) < 0)
		return -1;
	s->has_previous = exists(buf_str(&s->previous));
	if (!exists(buf_str(&s->path)))
		return 0;
	read_text(buf_str(&s->path), &s->text);
	s->state = install_script_program(buf_str(&s->text), &s->program) == 0 ? OURS : FOREIGN;
	return 0;
}

/* pre-commit and its like keep the hook that they found and run it. */
static bool kept_by_another(const struct slot *s)
{
	static const char *const suffixes[] = { ".legacy", ".old", ".orig" };
	bool found = false;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !found; i++) {
		struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(INSTALL_SCRIPT_MAX);
		struct buf program = BUF_INIT(PATH_MAX_BYTES);

		buf_addf(&path, "%s%s", buf_str(&s->path), suffixes[i]);
		if (exists(buf_str(&path))) {
			read_text(buf_str(&path), &text);
			found = install_script_program(buf_str(&text), &program) == 0;
		}
		buf_free(&path);
		buf_free(&text);
		buf_free(&program);
	}
	return found;
}

/* Keeps what stands there under the other name, as a second link first, so
 * that there is a hook at every moment. */
static int set_aside(struct slot *s, struct err *err)
{
	const char *from = buf_str(&s->path), *to = buf_str(&s->previous);

	if (is_same(from, to))
		return 0;
	if (s->has_previous)
		return err_set(err, ERR_CONFLICT,
			       "%s is not codetrain's, and %s is there too; keep one of them "
			       "and run this again", from, to);
	if (linkat(AT_FDCWD, from, AT_FDCWD, to, 0) < 0 && rename(from, to) < 0)
		return err_errno(err, "cannot keep %s as %s", from, to);
	s->has_previous = true;
	return 0;
}

static int add(struct slot *s, struct err *err)
{
	struct buf program = BUF_INIT(PATH_MAX_BYTES), script = BUF_INIT(INSTALL_SCRIPT_MAX);
	struct buf previous = BUF_INIT(INSTALL_SCRIPT_MAX);
	bool same = false;
	int rc = proc_sibling(s->hook->program, &program, err);

	if (rc == 0 && s->state == FOREIGN)
		rc = set_aside(s, err);
	if (rc == 0 && s->has_previous)
		read_text(buf_str(&s->previous), &previous);
	if (rc == 0)
		rc = install_script(s->hook, buf_str(&program),
				    s->has_previous ? buf_str(&previous) : NULL, &script, err);
	if (rc == 0) {
		same = s->state == OURS && strcmp(buf_str(&s->text), buf_str(&script)) == 0;
		rc = same ? 0 : file_replace(buf_str(&s->path), script.data, script.len, 0755, err);
	}
	if (rc == 0)
		printf("%s %s%s\n", same ? "already installed:" : "installed:", buf_str(&s->path),
		       s->has_previous ? ", after the hook that was there" : "");
	buf_free(&program);
	buf_free(&script);
	buf_free(&previous);
	return rc;
}

static int take_away(struct slot *s, struct err *err)
{
	const char *path = buf_str(&s->path);

	if (s->state == ABSENT && !s->has_previous) {
		printf("not installed: %s\n", path);
		return 0;
	}
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
		       s->has_previous ? " after the hook that was there" : "");
		return true;
	}
	if (s->state == FOREIGN && kept_by_another(s)) {
		printf("%s: another tool's hook, which runs codetrain's\n", path);
		return true;
	}
	if (s->state == OURS)
		printf("%s: broken: cannot run %s\n", path, buf_str(&s->program));
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
	if (s->state == FOREIGN && kept_by_another(s)) {
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
