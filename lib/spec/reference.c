#include "reference.h"

#include <stdio.h>
#include <string.h>

enum { ARN_PARTS = 7 };		/* arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME */

/* The text behind the n-th colon; NULL when it has fewer. */
static const char *behind(const char *text, int n)
{
	for (; text && n > 0; n--) {
		text = strchr(text, ':');
		if (text)
			text++;
	}
	return text;
}

static char *next_part(char *text)
{
	char *colon = text + strcspn(text, ":");

	if (!*colon)
		return colon;
	*colon = '\0';
	return colon + 1;
}

int reference_secret(const char *text, struct reference_secret *out)
{
	size_t len = strlen(text);
	const char *service, *kind;
	char *rest;

	if (len >= sizeof(out->text) || text[strcspn(text, "\n\r")])
		return -1;
	memcpy(out->text, text, len + 1);
	rest = out->text;
	out->id = rest;
	if (strncmp(text, "arn:", 4) == 0) {
		service = behind(text, 2);
		kind = behind(text, 5);
		rest = (char *)behind(out->text, ARN_PARTS - 1);
		if (!rest || !*rest || *rest == ':' || strncmp(service, "secretsmanager:", 15) != 0 ||
		    strncmp(kind, "secret:", 7) != 0)
			return -1;
	}
	if (!*rest || *rest == ':')
		return -1;
	rest = next_part(rest);
	out->key = rest;
	rest = next_part(rest);
	out->stage = rest;
	rest = next_part(rest);
	out->version = rest;
	return strchr(rest, ':') || (*out->stage && *out->version) ? -1 : 0;
}

void reference_region(const char *text, char out[static 32])
{
	const char *region = strncmp(text, "arn:", 4) == 0 ? behind(text, 3) : NULL;
	size_t len = region ? strcspn(region, ":") : 0;

	out[0] = '\0';
	if (len > 0 && len < 32 && region[len] == ':')
		snprintf(out, 32, "%.*s", (int)len, region);
}
