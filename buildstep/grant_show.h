/* The plan of `codetrain grant` as text and as JSON; see grant.h. */
#ifndef CODETRAIN_GRANT_SHOW_H
#define CODETRAIN_GRANT_SHOW_H

#include "grant_documents.h"

#include <stdio.h>

/* How many statements of the document are missing or different. */
int grant_show_changes(const struct grant_document *d, const cJSON *live);

/* A head line and a line for each statement, none longer than 80 columns:
 * "+" is missing, "~" differs, "=" is there. */
void grant_show_text(const struct grant_document *d, const cJSON *live, FILE *out);

/* The object for --json; NULL: no memory. */
cJSON *grant_show_json(const struct grant_document *d, const cJSON *live, bool applied);

#endif
