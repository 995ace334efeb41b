#include "xml.h"

#include "lib/base/buf.h"
#include "lib/spec/json.h"

#include <expat.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, TEXT_KEPT = 4096 };

/* expat's own copies of a text may be secrets: wiped whenever they are freed. */
static void wiping_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *wiping_realloc(void *old, size_t size)
{
	size_t had = old ? malloc_usable_size(old) : 0;
	void *p = malloc(size);

	if (!p)
		return NULL;
	if (old)
		memcpy(p, old, had < size ? had : size);
	wiping_free(old);
	return p;
}

static const XML_Memory_Handling_Suite memory = { malloc, wiping_realloc, wiping_free };

struct reader {
	XML_Parser parser;
	cJSON *at[XML_DEPTH_MAX + 1];	/* [0] is the tree; owned by it */
	int names[XML_DEPTH_MAX + 1];
	int depth;
	struct buf text;		/* of the innermost element; may hold a secret */
	const char *fault;		/* static text */
};

/* Wiping a large buffer for each small element would take a square's time. */
static void clear_text(struct reader *r)
{
	if (r->text.cap > TEXT_KEPT)
		buf_free(&r->text);
	else
		buf_clear(&r->text);
}

static void stop(struct reader *r, const char *fault)
{
	if (!r->fault)
		r->fault = fault;
	XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int has_subset)
{
	(void)name, (void)system_id, (void)public_id, (void)has_subset;
	stop(arg, "it has a document type");
}

/* A new element under `parent`; its siblings of the same name become a list. */
static cJSON *add_child(struct reader *r, cJSON *parent, const char *name)
{
	cJSON *before = cJSON_GetObjectItemCaseSensitive(parent, name);
	cJSON *child = cJSON_CreateNull();
	cJSON *list;

	if (!child)
		return NULL;
	if (!before) {
		if (++r->names[r->depth] > XML_NAMES_MAX ||
		    !cJSON_AddItemToObject(parent, name, child))
			goto fail;
		return child;
	}
	if (cJSON_IsArray(before)) {
		cJSON_AddItemToArray(before, child);
		return child;
	}
	list = cJSON_CreateArray();
	if (!list)
		goto fail;
	before = cJSON_DetachItemFromObjectCaseSensitive(parent, name);
	cJSON_AddItemToArray(list, before);
	cJSON_AddItemToArray(list, child);
	if (cJSON_AddItemToObject(parent, name, list))
		return child;
	json_free(list);
	return NULL;
fail:
	json_free(child);
	return NULL;
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = arg;
	cJSON *parent = r->at[r->depth];

	(void)attributes;
	if (r->depth == XML_DEPTH_MAX) {
		stop(r, "elements are nested too deeply");
		return;
	}
	/* what began as nothing, or as text between elements, is an object now */
	if (cJSON_IsNull(parent))
		parent->type = (parent->type & ~0xff) | cJSON_Object;
	clear_text(r);
	r->at[r->depth + 1] = add_child(r, parent, name);
	if (!r->at[r->depth + 1]) {
		stop(r, "an element has too many members");
		return;
	}
	r->depth++;
	r->names[r->depth] = 0;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
	struct reader *r = arg;

	if (len > 0 && cJSON_IsNull(r->at[r->depth]) && buf_add(&r->text, text, (size_t)len) < 0)
		stop(r, "a text is too long");
}

/* {"member": x} is the list of x. */
static void unwrap_members(cJSON *e)
{
	cJSON *only = e->child;

	if (!cJSON_IsObject(e) || !only || only->next || strcmp(only->string, "member") != 0)
		return;
	e->type = (e->type & ~0xff) | cJSON_Array;
	if (!cJSON_IsArray(only)) {	/* an array's elements have no name: keep it nameless */
		cJSON_free(only->string);
		only->string = NULL;
		return;
	}
	e->child = only->child;
	only->child = NULL;
	cJSON_Delete(only);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct reader *r = arg;
	cJSON *e = r->at[r->depth];

	(void)name;
	if (cJSON_IsNull(e) && r->text.len > 0) {
		cJSON *string = cJSON_CreateString(buf_str(&r->text));

		if (!string) {
			stop(r, "no memory");
			return;
		}
		e->valuestring = string->valuestring;
		e->type = (e->type & ~0xff) | cJSON_String;
		string->valuestring = NULL;
		cJSON_Delete(string);
	} else {
		unwrap_members(e);
	}
	clear_text(r);
	r->depth--;
}

static int fail(const struct reader *r, const char *name, struct err *err)
{
	const char *fault = r->fault;

	if (!fault)
		fault = XML_ErrorString(XML_GetErrorCode(r->parser));
	return err_set(err, ERR_USAGE, "%s: not XML that can be read: %s", name, fault);
}

cJSON *xml_parse(const char *text, size_t len, const char *name, struct err *err)
{
	struct reader r = { .text = BUF_INIT_SECRET(TEXT_MAX) };
	cJSON *tree = cJSON_CreateObject();

	r.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	if (!r.parser || !tree || len > INT_MAX) {
		err_set(err, ERR_INTERNAL, "no memory to read %s", name);
		goto fail;
	}
	r.at[0] = tree;
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	if (XML_Parse(r.parser, text, (int)len, XML_TRUE) == XML_STATUS_OK && !r.fault)
		goto out;
	fail(&r, name, err);
fail:
	json_free(tree);
	tree = NULL;
out:
	if (r.parser)
		XML_ParserFree(r.parser);
	buf_free(&r.text);
	return tree;
}
