#include "dockerfile.h"

#include "arena.h"
#include "lib/base/buf.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 1000, HEREDOCS_MAX = 16 };

struct memory {
	struct arena arena;
	struct dockerfile file;
};

struct parser {
	struct memory *m;
	const char *at, *end;
	int line;		/* of `at` */
	char escape;
	bool no_memory;
};

/* The next physical line, without its end; false at the end of the text. */
static bool next_line(struct parser *p, const char **line, size_t *len)
{
	const char *end;

	if (p->at >= p->end)
		return false;
	end = memchr(p->at, '\n', (size_t)(p->end - p->at));
	*line = p->at;
	*len = (size_t)((end ? end : p->end) - p->at);
	p->at = end ? end + 1 : p->end;
	p->line++;
	if (*len && (*line)[*len - 1] == '\r')
		(*len)--;
	return true;
}

static void trim(const char **s, size_t *len)
{
	while (*len && isspace((unsigned char)**s)) {
		(*s)++;
		(*len)--;
	}
	while (*len && isspace((unsigned char)(*s)[*len - 1]))
		(*len)--;
}

/* Comments at the top may be directives: "# escape=`". */
static void directive(struct parser *p, const char *line, size_t len)
{
	line++;
	len--;
	trim(&line, &len);
	if (len >= 8 && strncasecmp(line, "escape", 6) == 0) {
		line += 6;
		len -= 6;
		trim(&line, &len);
		if (len > 1 && *line == '=' && line[len - 1] == '`')
			p->escape = '`';
	}
}

/* A logical line into `out`; *first is where it begins. False at the end. */
static bool logical_line(struct parser *p, struct buf *out, int *first)
{
	const char *line;
	size_t len;
	bool more = false;

	buf_clear(out);
	while (next_line(p, &line, &len)) {
		const char *start = line;
		size_t rest = len;

		trim(&start, &rest);
		if (rest && *start == '#') {
			if (p->m->file.n == 0 && !more)
				directive(p, start, rest);
			continue;
		}
		if (rest == 0)
			continue;
		if (!more)
			*first = p->line;
		more = start[rest - 1] == p->escape;
		buf_add(out, start, more ? rest - 1 : rest);
		if (!more)
			return true;
		buf_addc(out, ' ');
	}
	return out->len > 0;
}

static void add_word(struct parser *p, struct dockerfile_words *words, const char *s, size_t len)
{
	const char **v;
	const char *copy;

	if (words->n >= WORDS_MAX)
		return;
	copy = arena_copy(&p->m->arena, s, len);
	v = arena_grow(&p->m->arena, words->v, words->n, sizeof(*v));
	if (!v || !copy) {
		p->no_memory = true;
		return;
	}
	v[words->n++] = copy;
	words->v = v;
}

/* One word, its quotes taken off, into `out`; returns where it ends. */
static const char *word(struct parser *p, const char *s, struct buf *out)
{
	char quote = '\0';

	buf_clear(out);
	for (; *s && (quote || !isspace((unsigned char)*s)); s++) {
		if (quote ? *s == quote : *s == '"' || *s == '\'') {
			quote = quote ? '\0' : *s;
		} else if (*s == p->escape && s[1] && quote != '\'') {
			/* $ keeps its escape: what expands it needs to know */
			if (s[1] == '$')
				buf_addc(out, *s);
			buf_addc(out, *++s);
		} else {
			buf_addc(out, *s);
		}
	}
	return s;
}

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static bool json_list(struct parser *p, struct dockerfile_instruction *i)
{
	cJSON *tree = *i->text == '[' ? cJSON_Parse(i->text) : NULL;
	const cJSON *e;
	bool good = cJSON_IsArray(tree);

	for (e = good ? tree->child : NULL; e; e = e->next)
		good = good && cJSON_IsString(e);
	for (e = good ? tree->child : NULL; e; e = e->next)
		add_word(p, &i->words, e->valuestring, strlen(e->valuestring));
	cJSON_Delete(tree);
	return good;
}

/* The word of a here-document that begins at s ("<<EOF"), without quotes. */
static bool heredoc_word(const char *s, char *out, size_t size)
{
	size_t n = 0;

	s += 2;
	if (*s == '-')
		s++;
	if (*s == '"' || *s == '\'')
		s++;
	for (; (isalnum((unsigned char)*s) || *s == '_' || *s == '.') && n + 1 < size; s++)
		out[n++] = *s;
	out[n] = '\0';
	return n > 0 && !isdigit((unsigned char)*out);
}

/* Reads the here-documents that the instruction begins, behind its text. */
static void heredocs(struct parser *p, struct buf *text)
{
	char words[HEREDOCS_MAX][64];
	size_t n = 0;

	for (const char *s = buf_str(text); n < HEREDOCS_MAX && (s = strstr(s, "<<")); s += 2)
		if (s[2] != '<' && (s == buf_str(text) || s[-1] != '<') &&
		    heredoc_word(s, words[n], sizeof(words[n])))
			n++;
	for (size_t i = 0; i < n; i++) {
		struct parser before = *p;
		size_t length = text->len;
		const char *line;
		size_t len;
		bool ended = false;

		while (!ended && next_line(p, &line, &len)) {
			trim(&line, &len);
			ended = len == strlen(words[i]) && memcmp(line, words[i], len) == 0;
			buf_addc(text, '\n');
			if (!ended)
				buf_add(text, line, len);
		}
		if (ended)
			continue;
		/* "a << b" of a shell's arithmetic */
		p->at = before.at;
		p->line = before.line;
		text->len = length;
		if (text->data)
			text->data[length] = '\0';
		return;
	}
}

static bool takes_heredoc(const char *name)
{
	return strcmp(name, "RUN") == 0 || strcmp(name, "COPY") == 0 || strcmp(name, "ADD") == 0;
}

static void instruction(struct parser *p, struct buf *line, int first)
{
	struct dockerfile *f = &p->m->file;
	struct dockerfile_instruction *v, i = { .line = first };
	struct buf one = BUF_INIT(DOCKERFILE_BYTES_MAX);
	const char *s = buf_str(line);
	size_t n = strcspn(s, " \t");
	char *name = arena_copy(&p->m->arena, s, n);

	if (!name) {
		p->no_memory = true;
		return;
	}
	for (char *c = name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	i.name = name;
	if (takes_heredoc(name))
		heredocs(p, line);
	s = skip_space(buf_str(line) + n);
	while (s[0] == '-' && s[1] == '-') {
		s = word(p, s, &one);
		add_word(p, &i.flags, buf_str(&one), one.len);
		s = skip_space(s);
	}
	i.text = arena_copy(&p->m->arena, s, strlen(s));
	v = arena_grow(&p->m->arena, f->v, f->n, sizeof(*v));
	if (!i.text || !v) {
		p->no_memory = true;
		buf_free(&one);
		return;
	}
	i.json = json_list(p, &i);
	while (!i.json && *s && *s != '\n' && i.words.n < WORDS_MAX) {
		s = word(p, s, &one);
		add_word(p, &i.words, buf_str(&one), one.len);
		while (*s == ' ' || *s == '\t')
			s++;
	}
	f->v = v;
	f->v[f->n++] = i;
	buf_free(&one);
}

int dockerfile_parse(const char *text, size_t len, struct dockerfile **out, struct err *err)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct buf line = BUF_INIT(DOCKERFILE_BYTES_MAX);
	struct parser p = { .m = m, .at = text, .escape = '\\' };
	int first = 0;

	if (!m)
		return err_set(err, ERR_INTERNAL, "no memory for a Dockerfile");
	if (len > DOCKERFILE_BYTES_MAX)
		len = DOCKERFILE_BYTES_MAX;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		p.at += 3;
	p.end = text + len;
	m->file.memory = m;
	while (!p.no_memory && m->file.n < DOCKERFILE_INSTRUCTIONS_MAX && logical_line(&p, &line, &first))
		if (line.len && strlen(buf_str(&line)) == line.len)
			instruction(&p, &line, first);
	if (line.failed)
		p.no_memory = true;
	buf_free(&line);
	if (p.no_memory) {
		dockerfile_free(&m->file);
		return err_set(err, ERR_INTERNAL, "no memory for a Dockerfile");
	}
	*out = &m->file;
	return 0;
}

void dockerfile_free(struct dockerfile *file)
{
	struct memory *m = file ? file->memory : NULL;

	if (!m)
		return;
	arena_free(&m->arena);
	free(m);
}

const char *dockerfile_flag(const struct dockerfile_instruction *i, const char *name)
{
	size_t n = strlen(name);

	for (size_t k = 0; k < i->flags.n; k++)
		if (strncmp(i->flags.v[k] + 2, name, n) == 0 && i->flags.v[k][2 + n] == '=')
			return i->flags.v[k] + 2 + n + 1;
	return NULL;
}
