#include "container_image.h"

#include "container_ignore.h"
#include "container_stage.h"
#include "lib/base/buf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* ---- COPY ----------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What a source copies of a path: the file itself (its name), or, as part of a
 * folder, what is behind the folder. NULL: nothing. */
static const char *copied(const char *source, const char *path, bool *folder)
{
	char part[CONTAINER_TEXT_MAX];
	size_t len = strlen(path);

	*folder = false;
	if (!*source || strcmp(source, "/") == 0) {
		*folder = true;
		return path + (*path == '/');
	}
	if (container_match(source, path))
		return base_name(path);
	if (len >= sizeof(part))
		return NULL;
	memcpy(part, path, len + 1);
	for (char *slash = strrchr(part, '/'); slash; slash = strrchr(part, '/')) {
		*slash = '\0';
		if (container_match(source, part)) {
			*folder = true;
			return path + (slash - part) + 1;
		}
	}
	return NULL;
}

/* A source of a COPY as a pattern of the context: no "./", no slash at the ends. */
static const char *source_pattern(struct builder *b, const char *word)
{
	const char *path = container_stage_path(b, "/", word);

	return path + 1;
}

/* Folders that images have, and a name at the end of COPY may mean. */
static bool is_folder(const struct stage *s, const char *path)
{
	static const char *const known[] = { "/", "/bin", "/usr/bin", "/usr/local/bin", "/sbin",
					     "/usr/sbin", "/opt", "/usr/local", "/home", "/root",
					     "/tmp", "/srv", "/etc", "/usr/local/sbin" };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(path, known[i]) == 0)
			return true;
	return strcmp(path, s->workdir) == 0;
}

struct copy {
	const struct dockerfile_instruction *i;
	struct stage *to;
	const struct stage *from;	/* NULL: the context */
	const char *target;
	bool into;			/* the target is a folder */
	bool executable;
};

static void copy_file(struct builder *b, const struct copy *c, const char *source, size_t k)
{
	const struct container_file *was = c->from ? &c->from->at[k] : NULL;
	const char *path = was ? was->image : b->paths->v[k], *rest;
	struct buf image = BUF_INIT(2 * CONTAINER_TEXT_MAX);
	struct container_file *file = &c->to->at[k];
	bool folder, into;

	if (!path || (!was && file->ignored))
		return;
	rest = copied(source, path, &folder);
	if (!rest)
		return;
	into = c->into || folder || is_folder(c->to, c->target);
	buf_adds(&image, c->target);
	if (into)
		buf_addf(&image, "/%s", rest);
	file->image = container_stage_path(b, "/", buf_str(&image));
	file->line = c->i->line;
	file->executable = c->executable || (was && was->executable);
	buf_free(&image);
}

/* The stage that --from names. */
static const struct stage *stage_of(const struct builder *b, const char *name)
{
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	for (size_t i = b->n; i-- > 0;)
		if (b->stages[i].name && strcasecmp(b->stages[i].name, name) == 0)
			return &b->stages[i];
	return *name && !*end && n + 1 < b->n ? &b->stages[n] : NULL;
}

static bool executable_mode(const char *mode)
{
	if (!mode)
		return false;
	if (isdigit((unsigned char)*mode))
		return (strtoul(mode, NULL, 8) & 0111) != 0;
	return strchr(mode, 'x') != NULL;
}

static void copy(struct builder *b, struct stage *s, const struct dockerfile_instruction *i)
{
	const char *from = dockerfile_flag(i, "from");
	struct copy c = { .i = i, .to = s,
			  .executable = executable_mode(dockerfile_flag(i, "chmod")) };
	const char *target;

	if (i->words.n < 2)
		return;
	target = container_stage_expand(b, s, i->words.v[i->words.n - 1]);
	c.into = i->words.n > 2 || (*target && target[strlen(target) - 1] == '/') ||
		 strcmp(target, ".") == 0;
	c.target = container_stage_path(b, s->workdir, target);
	if (from) {
		c.from = stage_of(b, container_stage_expand(b, s, from));
		s->uncertain = s->uncertain || !c.from || c.from->uncertain;
		s->program = s->program || (c.from && c.from->program);
		if (!c.from)
			return;
	}
	for (size_t w = 0; w + 1 < i->words.n; w++) {
		const char *word = container_stage_expand(b, s, i->words.v[w]);
		const char *source = from ? container_stage_path(b, "/", word) : source_pattern(b, word);

		/* what is fetched or unpacked may bring anything */
		if (strcmp(i->name, "ADD") == 0 &&
		    (strstr(word, "://") || strstr(word, ".tar") || strstr(word, ".tgz")))
			s->uncertain = true;
		for (size_t k = 0; k < b->n_files; k++)
			copy_file(b, &c, source, k);
	}
}

/* ---- the other instructions ------------------------------------------------------ */

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += n)
		if ((at == text || !(isalnum((unsigned char)at[-1]) || strchr("_-.", at[-1]))) &&
		    !isalnum((unsigned char)at[n]) && !(at[n] && strchr("_-.", at[n])))
			return true;
	return false;
}

/* chmod of the file, of a folder that it is in, or of what a pattern names. */
static bool chmods(const char *text, const char *image)
{
	char folder[CONTAINER_TEXT_MAX];
	const char *slash = strrchr(image, '/');
	size_t n = (size_t)(slash - image);

	if (strstr(text, image) || has_word(text, base_name(image)) || strchr(text, '*'))
		return true;
	if (n == 0 || n >= sizeof(folder))
		return strstr(text, "-R") != NULL;
	memcpy(folder, image, n);
	folder[n] = '\0';
	return strstr(text, "-R") != NULL &&
	       (strstr(text, folder) != NULL || strstr(text, " .") != NULL);
}

static void run(struct builder *b, struct stage *s, const struct dockerfile_instruction *i)
{
	const char *chmod = strstr(i->text, "chmod");

	for (size_t k = 0; chmod && k < b->n_files; k++)
		if (s->at[k].image && chmods(chmod, s->at[k].image))
			s->at[k].executable = true;
	if (strstr(i->text, "sagemaker-training") || strstr(i->text, "sagemaker_training") ||
	    strstr(i->text, "sagemaker-containers") || strstr(i->text, "sagemaker-inference") ||
	    strstr(i->text, "multi-model-server"))
		s->program = true;
	for (const char *at = i->text; (at = strpbrk(at, "mclgw")); at++)
		if (strncmp(at, "mv ", 3) == 0 || strncmp(at, "cp ", 3) == 0 ||
		    strncmp(at, "ln ", 3) == 0 || strncmp(at, "curl ", 5) == 0 ||
		    strncmp(at, "git ", 4) == 0 || strncmp(at, "wget ", 5) == 0)
			s->uncertain = s->uncertain || has_word(i->text, "train") ||
				       has_word(i->text, "serve") || strstr(at, "clone") == at + 4;
	if (i->flags.n && dockerfile_flag(i, "mount"))
		s->uncertain = s->uncertain || has_word(i->text, "train");
}

static void env(struct builder *b, struct stage *s, const struct dockerfile_instruction *i)
{
	const struct dockerfile_words *w = &i->words;

	if (w->n >= 2 && !strchr(w->v[0], '=')) {	/* ENV NAME VALUE */
		const char *value = strstr(i->text, w->v[0]);

		value = value ? value + strlen(w->v[0]) : "";
		while (isspace((unsigned char)*value))
			value++;
		container_stage_set(b, s, w->v[0], container_stage_expand(b, s, value));
	}
	for (size_t k = 0; k < w->n && strchr(w->v[0], '='); k++) {
		const char *equals = strchr(w->v[k], '=');
		char name[256];

		if (!equals || (size_t)(equals - w->v[k]) >= sizeof(name))
			continue;
		memcpy(name, w->v[k], (size_t)(equals - w->v[k]));
		name[equals - w->v[k]] = '\0';
		container_stage_set(b, s, name, container_stage_expand(b, s, equals + 1));
	}
	s->program = s->program || container_stage_get(s, "SAGEMAKER_PROGRAM", strlen("SAGEMAKER_PROGRAM"));
}

static void arg(struct builder *b, struct stage *s, const struct dockerfile_instruction *i)
{
	for (size_t k = 0; k < i->words.n; k++) {
		const char *word = i->words.v[k], *equals = strchr(word, '='), *value = NULL;
		char name[256];
		size_t n = equals ? (size_t)(equals - word) : strlen(word);

		if (n >= sizeof(name))
			continue;
		memcpy(name, word, n);
		name[n] = '\0';
		if (!equals && s != &b->global)
			value = container_stage_get(&b->global, name, n);
		if (equals || value)
			container_stage_set(b, s, name, equals ? container_stage_expand(b, s, equals + 1) : value);
	}
}

/* Official images and the usual ones of science: no train in them, no ENTRYPOINT
 * that keeps it from running. */
static bool is_plain(const char *image)
{
	static const char *const known[] = {
		"python", "ubuntu", "debian", "alpine", "amazonlinux", "fedora", "rockylinux",
		"almalinux", "centos", "scratch", "busybox", "continuumio/miniconda3",
		"continuumio/anaconda3", "condaforge/miniforge3", "pytorch/pytorch",
		"tensorflow/tensorflow", "nvidia/cuda", "r-base", "rocker/r-ver", "julia", "golang",
		"node", "openjdk", "eclipse-temurin", "amazoncorretto",
	};
	static const char *const registries[] = { "docker.io/library/", "docker.io/",
						  "public.ecr.aws/docker/library/",
						  "public.ecr.aws/amazonlinux/" };
	size_t n;

	for (size_t i = 0; i < sizeof(registries) / sizeof(*registries); i++)
		if (strncmp(image, registries[i], strlen(registries[i])) == 0) {
			image += strlen(registries[i]);
			break;
		}
	n = strcspn(image, ":@");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i]) == n && memcmp(image, known[i], n) == 0)
			return true;
	return false;
}

/* FROM [--platform=P] IMAGE [AS NAME] */
static struct stage *from(struct builder *b, const struct dockerfile_instruction *i)
{
	const char *base = i->words.n ? container_stage_expand(b, &b->global, i->words.v[0]) : "";
	const struct stage *parent = stage_of(b, base);
	struct stage *s;

	if (b->n == CONTAINER_STAGES_MAX)
		return NULL;
	s = &b->stages[b->n++];
	if (parent) {
		*s = *parent;
	} else {
		*s = (struct stage){ .base = base, .workdir = "/", .plain = is_plain(base) };
		container_stage_set(b, s, "PATH", default_path);
		for (size_t k = 0; k < b->n_files; k++)
			s->at[k] = b->global.at[k];
	}
	s->name = i->words.n >= 3 && strcasecmp(i->words.v[1], "as") == 0 ? container_stage_keep(b, i->words.v[2])
									  : NULL;
	return s;
}

static void each(struct builder *b, const struct dockerfile *file)
{
	struct stage *s = NULL;

	for (size_t k = 0; k < file->n && !b->no_memory && !b->full; k++) {
		const struct dockerfile_instruction *i = &file->v[k];

		if (strcmp(i->name, "FROM") == 0)
			s = from(b, i);
		else if (strcmp(i->name, "ARG") == 0)
			arg(b, s ? s : &b->global, i);
		else if (!s)
			continue;
		else if (strcmp(i->name, "ENV") == 0)
			env(b, s, i);
		else if (strcmp(i->name, "WORKDIR") == 0 && i->words.n)
			s->workdir = container_stage_path(b, s->workdir, container_stage_expand(b, s, i->words.v[0]));
		else if (strcmp(i->name, "COPY") == 0 || strcmp(i->name, "ADD") == 0)
			copy(b, s, i);
		else if (strcmp(i->name, "RUN") == 0)
			run(b, s, i);
		else if (strcmp(i->name, "ENTRYPOINT") == 0)
			s->entrypoint = i->words.n ? i : NULL;
	}
}

int container_image_build(const struct dockerfile *file, const struct strs *paths,
			  const char *ignore, size_t ignore_len, struct container_image *out,
			  struct err *err)
{
	struct builder *b = calloc(1, sizeof(*b));
	struct stage *last;

	*out = (struct container_image){ .base = "", .path = default_path, .memory = b };
	if (b)
		b->stages = calloc(CONTAINER_STAGES_MAX, sizeof(*b->stages));
	if (!b || !b->stages) {
		container_image_free(out);
		return err_set(err, ERR_INTERNAL, "no memory for a Dockerfile");
	}
	b->paths = paths;
	b->n_files = out->n_files = paths->n < CONTAINER_FILES_MAX ? paths->n : CONTAINER_FILES_MAX;
	for (size_t k = 0; k < b->n_files; k++) {
		b->global.at[k].path = paths->v[k];
		if (ignore)
			b->global.at[k].ignored = container_ignored(ignore, ignore_len, paths->v[k]);
		out->files[k] = b->global.at[k];
	}
	each(b, file);
	last = b->n ? &b->stages[b->n - 1] : NULL;
	if (last) {
		memcpy(out->files, last->at, sizeof(out->files));
		out->base = last->base;
		out->path = container_stage_get(last, "PATH", 4);
		out->entrypoint = last->entrypoint;
		out->program = last->program;
		out->uncertain = last->uncertain || b->full;
		out->plain = last->plain;
	}
	if (b->no_memory) {
		container_image_free(out);
		return err_set(err, ERR_INTERNAL, "no memory for a Dockerfile");
	}
	return 0;
}

void container_image_free(struct container_image *image)
{
	struct builder *b = image->memory;

	if (b) {
		free(b->stages);
		arena_free(&b->arena);
	}
	free(b);
	*image = (struct container_image){ .base = "", .path = default_path };
}

bool container_image_finds(const struct container_image *image, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = (size_t)(slash - path);

	for (const char *s = image->path; *s;) {
		size_t len = strcspn(s, ":"), bare = len;

		while (bare > 1 && s[bare - 1] == '/')
			bare--;
		if ((bare == n && memcmp(s, path, n) == 0) || (n == 0 && bare == 1 && *s == '/'))
			return true;
		s += len + (s[len] == ':');
	}
	return false;
}
