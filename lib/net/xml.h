/*
 * XML answers of STS, IAM and S3 as the tree that a JSON service would give.
 *
 * {"Root": content}. An element with elements in it is an object; one with
 * text alone a string; one with nothing null; elements of one name side by
 * side a list. An element that holds only <member> elements is itself the
 * list (also with a single one), as in "PolicyNames": ["a"]. Attributes are
 * left out. A document type, and so every entity of its own, is refused.
 */
#ifndef CODETRAIN_XML_H
#define CODETRAIN_XML_H

#include "lib/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

#define XML_DEPTH_MAX 32
#define XML_NAMES_MAX 256	/* different names in one element */

/* NULL with ERR_USAGE and "NAME:LINE: not XML: ...". The caller frees with
 * json_free. */
cJSON *xml_parse(const char *text, size_t len, const char *name, struct err *err);

#endif
