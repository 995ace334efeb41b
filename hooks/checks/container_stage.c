#include "container_stage.h"

#include "lib/base/buf.h"

#include <ctype.h>
#include <string.h>

const char *container_stage_keep(struct builder *b, const char *s)
{
	size_t len = strlen(s);
	const char *copy;

	b->kept += len + 1;
	b->full = b->full || b->kept > CONTAINER_KEPT_MAX;
	if (b->full)
		return "";
	copy = arena_copy(&b->arena, s, len);
	if (!copy)
		b->no_memory = true;
	return copy ? copy : "";
}

const char *container_stage_get(const struct stage *s, const char *name, size_t len)
{
	for (size_t i = s->n_vars; i-- > 0;)
		if (strlen(s->vars[i].name) == len && memcmp(s->vars[i].name, name, len) == 0)
			return s->vars[i].value;
	return NULL;
}

void container_stage_set(struct builder *b, struct stage *s, const char *name, const char *value)
{
	if (s->n_vars < CONTAINER_VARIABLES_MAX)
		s->vars[s->n_vars++] = (struct variable){ container_stage_keep(b, name),
							  container_stage_keep(b, value) };
}

/* ${NAME}, ${NAME:-WORD}, ${NAME:+WORD}; returns where it ends. */
static const char *braces(const struct stage *s, const char *at, struct buf *out)
{
	size_t n = strcspn(at, ":}");
	const char *value = container_stage_get(s, at, n), *end = strchr(at, '}');

	if (!end)
		return at + strlen(at);
	if (at[n] == ':' && at[n + 1] == '+') {
		if (value && *value)
			buf_add(out, at + n + 2, (size_t)(end - at) - n - 2);
	} else if (value && *value) {
		buf_adds(out, value);
	} else if (at[n] == ':' && at[n + 1] == '-') {
		buf_add(out, at + n + 2, (size_t)(end - at) - n - 2);
	}
	return end + 1;
}

const char *container_stage_expand(struct builder *b, const struct stage *s, const char *word)
{
	struct buf out = BUF_INIT(CONTAINER_TEXT_MAX);
	const char *kept;

	while (*word) {
		size_t n = 0;

		if (*word == '\\' && word[1] == '$') {
			buf_addc(&out, '$');
			word += 2;
		} else if (word[0] == '$' && word[1] == '{') {
			word = braces(s, word + 2, &out);
		} else if (*word == '$' && (isalpha((unsigned char)word[1]) || word[1] == '_')) {
			while (isalnum((unsigned char)word[1 + n]) || word[1 + n] == '_')
				n++;
			if (container_stage_get(s, word + 1, n))
				buf_adds(&out, container_stage_get(s, word + 1, n));
			word += 1 + n;
		} else {
			buf_addc(&out, *word++);
		}
	}
	kept = container_stage_keep(b, buf_str(&out));
	buf_free(&out);
	return kept;
}

const char *container_stage_path(struct builder *b, const char *workdir, const char *path)
{
	struct buf out = BUF_INIT(2 * CONTAINER_TEXT_MAX);
	const char *parts[2] = { *path == '/' ? "" : workdir, path };
	const char *kept;

	for (int i = 0; i < 2; i++)
		for (const char *s = parts[i]; *s;) {
			size_t n = strcspn(s, "/");

			if (n == 2 && s[0] == '.' && s[1] == '.') {
				while (out.len && out.data[--out.len] != '/')
					;
			} else if (n && !(n == 1 && *s == '.')) {
				buf_addc(&out, '/');
				buf_add(&out, s, n);
			}
			s += n + (s[n] == '/');
		}
	if (out.data)
		out.data[out.len] = '\0';
	kept = container_stage_keep(b, out.len ? buf_str(&out) : "/");
	buf_free(&out);
	return kept;
}
