#include "name.h"

#include "lib/base/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= NAME_LEN || !alphanumeric(name[0]) || !alphanumeric(name[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!alphanumeric(name[i]) && name[i] != '-')
			return false;
	return true;
}

void name_tidy(const char *base, size_t max, char out[static NAME_LEN])
{
	size_t n = 0;

	if (max > NAME_LEN - 1)
		max = NAME_LEN - 1;
	for (; *base && n < max; base++) {
		if (alphanumeric(*base))
			out[n++] = *base;
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	if (n == 0)
		snprintf(out, NAME_LEN, "job");
}

void name_of_image(const char *image, char out[static NAME_LEN])
{
	const char *slash = strrchr(image, '/');
	char last[NAME_LEN];

	if (slash)
		image = slash + 1;
	snprintf(last, sizeof(last), "%.*s", (int)strcspn(image, ":@"), image);
	name_tidy(last, NAME_LEN - 1, out);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static void feed_text(struct hash *h, char type, const char *text)
{
	char head[32];

	/* with the length in front no two trees give the same bytes */
	hash_update(h, head, (size_t)snprintf(head, sizeof(head), "%c%zu:", type, strlen(text)));
	hash_update(h, text, strlen(text));
}

static bool own_tag(const cJSON *item)
{
	const char *key = json_string(item, "Key", NULL);

	return key && strncmp(key, NAME_TAG_PREFIX, strlen(NAME_TAG_PREFIX)) == 0;
}

static int feed(struct hash *h, const cJSON *v);

static int feed_object(struct hash *h, const cJSON *v)
{
	size_t n = 0, count = (size_t)cJSON_GetArraySize(v);
	const cJSON **members = calloc(count + 1, sizeof(*members));
	const cJSON *c;
	int result = 0;

	if (!members)
		return -1;
	cJSON_ArrayForEach(c, v)
		members[n++] = c;
	qsort(members, n, sizeof(*members), by_name);
	hash_update(h, "{", 1);
	for (size_t i = 0; i < n && result == 0; i++) {
		feed_text(h, 'k', members[i]->string);
		result = feed(h, members[i]);
	}
	hash_update(h, "}", 1);
	free(members);
	return result;
}

static int feed(struct hash *h, const cJSON *v)
{
	char number[40];
	const cJSON *c;

	if (cJSON_IsObject(v)) {
		return feed_object(h, v);
	} else if (cJSON_IsArray(v)) {
		hash_update(h, "[", 1);
		cJSON_ArrayForEach(c, v)
			if (feed(h, c) < 0)
				return -1;
		hash_update(h, "]", 1);
	} else if (cJSON_IsString(v)) {
		feed_text(h, 's', v->valuestring);
	} else if (cJSON_IsNumber(v)) {
		snprintf(number, sizeof(number), "%.17g", v->valuedouble);
		feed_text(h, 'n', number);
	} else {
		hash_update(h, cJSON_IsTrue(v) ? "t" : cJSON_IsFalse(v) ? "f" : "0", 1);
	}
	return 0;
}

int name_fingerprint(const cJSON *request, const char *commit, char out[static HASH_HEX_LEN],
		     struct err *err)
{
	cJSON *copy = cJSON_Duplicate(request, 1);
	unsigned char digest[HASH_LEN];
	struct hash h;
	cJSON *tags;
	int result;

	if (!copy)
		return err_set(err, ERR_INTERNAL, "no memory for a copy of the request");
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "TrainingJobName");
	/* tags that are only ours leave no trace */
	tags = cJSON_GetObjectItemCaseSensitive(copy, "Tags");
	for (cJSON *t = tags ? tags->child : NULL, *next; t; t = next) {
		next = t->next;
		if (own_tag(t))
			cJSON_Delete(cJSON_DetachItemViaPointer(tags, t));
	}
	if (tags && !tags->child)
		cJSON_DeleteItemFromObjectCaseSensitive(copy, "Tags");
	hash_init(&h);
	feed_text(&h, 'c', commit);
	result = feed(&h, copy);
	hash_final(&h, digest);
	encode_hex(digest, sizeof(digest), out);
	json_free(copy);
	return result < 0 ? err_set(err, ERR_INTERNAL, "no memory for the hash of the request") : 0;
}

void name_job(const char *base, const char *fingerprint, const char *suffix,
	      char out[static NAME_LEN])
{
	char head[NAME_LEN];
	size_t room = NAME_LEN - 1 - 1 - NAME_HASH_DIGITS - (*suffix ? strlen(suffix) + 1 : 0);

	name_tidy(base, room, head);
	snprintf(out, NAME_LEN, "%.*s-%.*s%s%.16s", (int)room, head, NAME_HASH_DIGITS, fingerprint,
		 *suffix ? "-" : "", suffix);
}
