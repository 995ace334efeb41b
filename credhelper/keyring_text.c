#include "keyring.h"

#include <stdio.h>
#include <string.h>

bool keyring_text_value(const char *text, const char *name, char *out, size_t cap)
{
	size_t name_len = strlen(name);

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len > name_len && strncmp(line, name, name_len) == 0 && line[name_len] == '=') {
			len -= name_len + 1;
			if (len >= cap)
				return false;
			memcpy(out, line + name_len + 1, len);
			out[len] = '\0';
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

void keyring_text_name(const struct keyring_item *item, char *out, size_t cap)
{
	const char *name = strcmp(item->kind, KEYRING_GIT) == 0 ? "username" : "access_key_id";

	if (!keyring_text_value(buf_str(&item->text), name, out, cap))
		snprintf(out, cap, "?");
}

const char *keyring_text_kind(const char *kind)
{
	return strcmp(kind, KEYRING_GIT) == 0 ? "CodeCommit password" : "access key";
}
