/*
 * compile-rules FILE...: reads rules and prints a C file with the table of
 * rules and one serialized Hyperscan database.
 *
 * A build tool. The database is made for any x86-64 with SSSE3 (no newer
 * instructions), so that the build machine does not matter, and the same rules
 * give the same bytes.
 */
#include "rules.h"
#include "scan_database.h"
#include "lib/base/file.h"
#include "lib/base/strs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 << 20, BYTES_A_LINE = 20 };

static void print_string(const char *name, const char *s)
{
	if (!s)
		return;
	printf("\t\t.%s = \"", name);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s == '?' || *s < ' ' || *s > '~')	/* ? for trigraphs */
			printf("\\%03o", (unsigned char)*s);
		else
			putchar(*s);
	}
	printf("\",\n");
}

static void print_set(const char *name, const rule_set set)
{
	printf("\t\t.%s = {", name);
	for (int i = 0; i < 8; i++)
		printf(" 0x%08xu,", set[i]);
	printf(" },\n");
}

static void print_rule(const struct rule *r)
{
	printf("\t{\n");
	print_string("id", r->id);
	print_string("group", r->group);
	print_string("description", r->description);
	print_string("regex", r->regex);
	print_string("names", r->names);
	print_string("rotate", r->rotate);
	print_string("prefix", r->prefix);
	printf("\t\t.value = %d, .min = %u, .max = %u, .entropy = %u,\n", (int)r->value, r->min,
	       r->max, r->entropy);
	printf("\t\t.mixed = %d, .random = %d, .quoted = %d, .warning = %d, .disabled = %d,\n",
	       r->mixed, r->random, r->quoted, r->warning, r->disabled);
	printf("\t\t.check = %d, .given = %u,\n", (int)r->check, r->given);
	print_set("alphabet", r->alphabet);
	print_set("boundary", r->boundary);
	if (r->allow) {
		printf("\t\t.allow = (const char *const[]){\n");
		for (const char *const *a = r->allow; *a; a++)
			printf("\t\t\t\"%s\",\n", *a);
		printf("\t\t\tNULL },\n");
	}
	printf("\t},\n");
}

static void print_database(const char *bytes, size_t len)
{
	printf("const unsigned char rules_database[] = {");
	for (size_t i = 0; i < len; i++)
		printf("%s%u,", i % BYTES_A_LINE ? "" : "\n", (unsigned char)bytes[i]);
	printf("\n};\nconst size_t rules_database_len = sizeof(rules_database);\n");
}

static int print_all(const struct rules *rules, struct err *err)
{
	char *bytes;
	size_t len;

	if (scan_database_serialize(rules->v, rules->n, &bytes, &len, err) < 0)
		return -1;
	printf("#include \"hooks/secrets/rules.h\"\n\nconst struct rule rules_table[] = {\n");
	for (size_t i = 0; i < rules->n; i++)
		print_rule(&rules->v[i]);
	printf("};\nconst size_t rules_count = %zu;\n\n", rules->n);
	printf("const unsigned rules_widths[] = {\n");
	for (size_t i = 0; i < rules->n; i++)
		printf("\t%u,\n", rules->v[i].regex ? scan_database_width(rules->v[i].regex) : 0);
	printf("};\n\n");
	print_database(bytes, len);
	free(bytes);
	return 0;
}

/* The rules of "hooks/secrets/rules/aws.rules" are the group "aws"; `names` holds it. */
static int read_group(struct rules *rules, struct strs *names, const char *path, struct err *err)
{
	struct buf text = BUF_INIT(FILE_MAX);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t first = rules->n;
	int rc;

	if (strs_addf(names, "%.*s", (int)strcspn(name, "."), name) < 0)
		return err_set(err, ERR_INTERNAL, "no memory");
	rc = file_read(path, &text, NULL, err);
	if (rc == 0)
		rc = rules_read(rules, buf_str(&text), text.len, path, err);
	for (size_t i = first; i < rules->n && rc == 0; i++) {
		rules->v[i].group = names->v[names->n - 1];
		rc = rules_complete(&rules->v[i], err);
	}
	buf_free(&text);
	return rc;
}

int main(int argc, char **argv)
{
	struct rules rules = { 0 };
	struct strs names = STRS_INIT;
	struct err err = { 0 };
	int rc = 0;

	for (int i = 1; i < argc && rc == 0; i++)
		rc = read_group(&rules, &names, argv[i], &err);
	if (rc == 0)
		rc = print_all(&rules, &err);
	if (rc == 0)
		rc = file_close_stdout(&err);
	rules_free(&rules);
	strs_free(&names);
	if (rc < 0)
		fprintf(stderr, "compile-rules: %s\n", err.message);
	return rc < 0;
}
