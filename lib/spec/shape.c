/* The walk over a request, beside the shape that it should have. */
#include "lib/spec/shape.h"
#include "lib/spec/shape_walk.h"

#include "lib/base/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LISTED_MAX 320	/* bytes of a message that may list what is allowed */
#define LONG_LIMIT 9.2e18
#define SEARCH_DEPTH 3	/* structures inside structures, when a member is misplaced */

struct walk {
	const struct shape *root;
	const struct shape_options *options;
	shape_report_fn *report;
	void *arg;
	int faults;
	size_t pointer_len;
	char pointer[SHAPE_POINTER_MAX];
	char place[SHAPE_POINTER_MAX];	/* where a misplaced member belongs */
};

static void walk_value(struct walk *w, const struct shape *shape, const cJSON *value);

const struct shape *shape_for_operation(const char *operation)
{
	const struct shape_operation *row;

	for (row = shapes_sagemaker; row->name; row++)
		if (strcmp(row->name, operation) == 0)
			return row->input;
	return NULL;
}

/* Returns what pop takes. */
static size_t push(struct walk *w, const char *token)
{
	size_t before = w->pointer_len;

	if (before + 3 < SHAPE_POINTER_MAX)
		w->pointer_len = shape_pointer_append(w->pointer, before, token);
	return before;
}

static size_t push_index(struct walk *w, size_t index)
{
	char token[24];

	snprintf(token, sizeof(token), "%zu", index);
	return push(w, token);
}

static void pop(struct walk *w, size_t before)
{
	w->pointer_len = before;
	w->pointer[before] = '\0';
}

void shape_message_clean(char message[static SHAPE_MESSAGE_MAX])
{
	size_t len = strlen(message), i;

	if (len + 1 == SHAPE_MESSAGE_MAX)
		while (len && ((unsigned char)message[len - 1] & 0x80))
			message[--len] = '\0';
	for (i = 0; i < len; i++)
		if ((unsigned char)message[i] < 0x20 || message[i] == 0x7f)
			message[i] = '?';
}

__attribute__((format(printf, 4, 5)))
static void fault(struct walk *w, const char *rule, const char *suggestion, const char *fmt, ...)
{
	char message[SHAPE_MESSAGE_MAX];
	struct shape_fault f = {w->pointer, rule, message, suggestion, false};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	shape_message_clean(message);
	w->faults++;
	w->report(w->arg, &f);
}

/* "a, b, c and 9 more" into a list that is bounded. */
static void list_name(char list[static LISTED_MAX], size_t *left_out, const char *name)
{
	size_t len = strlen(list);

	if (*left_out || len + strlen(name) + 3 > LISTED_MAX)
		(*left_out)++;
	else
		snprintf(list + len, LISTED_MAX - len, "%s%s", len ? ", " : "", name);
}

static void list_end(const char *list, size_t left_out, char out[static LISTED_MAX + 32])
{
	if (left_out)
		snprintf(out, LISTED_MAX + 32, "%s and %zu more", list, left_out);
	else
		snprintf(out, LISTED_MAX + 32, "%s", list);
}

static void list_members(const struct shape *shape, char out[static LISTED_MAX + 32])
{
	char list[LISTED_MAX] = "";
	size_t left_out = 0, i;

	for (i = 0; i < shape->n_members; i++)
		list_name(list, &left_out, shape->members[i].name);
	list_end(list, left_out, out);
}

static void list_values(const struct shape *shape, char out[static LISTED_MAX + 32])
{
	char list[LISTED_MAX] = "";
	size_t left_out = 0, i;

	for (i = 0; i < shape->n_values; i++)
		list_name(list, &left_out, shape->values[i]);
	list_end(list, left_out, out);
}

static bool is_template(const struct walk *w, const char *text)
{
	return w->options && w->options->allow_templates && strstr(text, "${");
}

static void wrong_kind(struct walk *w, const struct shape *shape, const cJSON *value)
{
	const char *wanted = shape_kind_wanted(shape->kind);

	if (shape->kind == SHAPE_STRING && cJSON_IsNumber(value))
		fault(w, "type", NULL, "%s is needed, this is a number: put quotes around it (\"%.15g\")",
		      wanted, value->valuedouble);
	else if (shape->kind == SHAPE_STRING && cJSON_IsBool(value))
		fault(w, "type", NULL, "%s is needed: put quotes around it (\"%s\")", wanted,
		      cJSON_IsTrue(value) ? "true" : "false");
	else if (cJSON_IsString(value) && shape->kind >= SHAPE_INTEGER &&
		 shape->kind <= SHAPE_BOOLEAN)
		fault(w, "type", NULL, "%s is needed, this is a string: no quotes around it", wanted);
	else
		fault(w, "type", NULL, "%s is needed, this is %s", wanted, shape_kind_found(value));
}

/* The bounds of a length or number of elements. */
static void check_count(struct walk *w, const struct shape *shape, size_t count, const char *unit)
{
	if (shape->has_min && count < (size_t)shape->min)
		fault(w, "min", NULL, "too few %s: %zu, at least %lld %s needed", unit, count,
		      (long long)shape->min, shape->min == 1 ? "is" : "are");
	if (shape->has_max && count > (size_t)shape->max)
		fault(w, "max", NULL, "too many %s: %zu, at most %lld %s allowed", unit, count,
		      (long long)shape->max, shape->max == 1 ? "is" : "are");
}

static void check_enum(struct walk *w, const struct shape *shape, const char *text)
{
	char allowed[LISTED_MAX + 32];
	size_t i;

	for (i = 0; i < shape->n_values; i++)
		if (strcmp(shape->values[i], text) == 0)
			return;
	list_values(shape, allowed);
	fault(w, "enum", shape_suggest_value(shape, text),
	      "\"%.64s\" is not allowed; allowed: %s", text, allowed);
}

static void check_pattern(struct walk *w, const struct shape *shape, const char *text)
{
	const char *pattern = shape->pattern->text, *at_text = text;
	uint32_t point = 0;
	size_t at, i;

	if (shape_pattern_match(shape->pattern, text, &at))
		return;
	for (i = 0; i <= at; i++)
		point = shape_pattern_next(&at_text);
	if (point == 0)
		fault(w, "pattern", NULL, "%s; it must match %s",
		      *text ? "the text ends too early" : "the text is empty", pattern);
	else if (point > 0x20 && point < 0x7f)
		fault(w, "pattern", NULL, "character %zu, '%c', is not allowed there; "
		      "the text must match %s", at + 1, (char)point, pattern);
	else
		fault(w, "pattern", NULL, "character %zu, %s (U+%04X), is not allowed there; "
		      "the text must match %s", at + 1, point == 0x20 ? "a space" : "not printable ASCII",
		      (unsigned)point, pattern);
}

static void check_string(struct walk *w, const struct shape *shape, const char *text)
{
	const char *c = text;
	size_t length = 0;

	if (is_template(w, text))
		return;
	while (shape_pattern_next(&c) != 0)
		length++;
	check_count(w, shape, length, "characters");
	if (shape->n_values)
		check_enum(w, shape, text);
	if (shape->pattern)
		check_pattern(w, shape, text);
}

static void check_number(struct walk *w, const struct shape *shape, double number)
{
	bool whole = shape->kind == SHAPE_INTEGER || shape->kind == SHAPE_LONG;

	/* the first two also keep the cast defined, and refuse infinity */
	if (whole && !(number > -LONG_LIMIT && number < LONG_LIMIT &&
		       (double)(int64_t)number == number)) {
		fault(w, "type", NULL, "a whole number is needed, this is %.15g", number);
		return;
	}
	if (shape->kind == SHAPE_INTEGER && (number < INT32_MIN || number > INT32_MAX)) {
		fault(w, "type", NULL, "a whole number of 32 bits is needed, this is %.15g", number);
		return;
	}
	if (shape->has_min && number < (double)shape->min)
		fault(w, "min", NULL, "%.15g is too small; at least %lld is needed", number,
		      (long long)shape->min);
	if (shape->has_max && number > (double)shape->max)
		fault(w, "max", NULL, "%.15g is too large; at most %lld is allowed", number,
		      (long long)shape->max);
}

static void unknown_member(struct walk *w, const struct shape *shape, const char *name)
{
	const char *near = shape_suggest_member(shape, name);
	char known[LISTED_MAX + 32];
	int depth;

	for (depth = 0; depth <= SEARCH_DEPTH; depth++) {
		if (near && suggest_distance(near, name, 0) == 0)
			break;	/* only the case is wrong */
		w->place[0] = '\0';
		if (shape_pointer_find(w->root, name, depth, w->place, 0)) {
			fault(w, "unknown", NULL, "unknown member \"%.64s\"; it belongs at %s",
			      name, w->place);
			return;
		}
	}
	list_members(shape, known);
	fault(w, "unknown", near, "unknown member \"%.64s\"; known: %s", name, known);
}

static const struct shape_member *find_member(const struct shape *shape, const char *name)
{
	size_t low = 0, high = shape->n_members;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, shape->members[middle].name);

		if (order == 0)
			return &shape->members[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void walk_structure(struct walk *w, const struct shape *shape, const cJSON *value)
{
	const struct shape_member *member;
	const cJSON *item;
	size_t i, before;

	for (i = 0; i < shape->n_members; i++) {
		member = &shape->members[i];
		if (member->required && !cJSON_GetObjectItemCaseSensitive(value, member->name))
			fault(w, "required", NULL, "the member %s is missing", member->name);
	}
	cJSON_ArrayForEach(item, value) {
		if (w->faults >= SHAPE_FAULTS_MAX)
			return;
		before = push(w, item->string);
		member = find_member(shape, item->string);
		if (member)
			walk_value(w, member->shape, item);
		else
			unknown_member(w, shape, item->string);
		pop(w, before);
	}
}

static void walk_map(struct walk *w, const struct shape *shape, const cJSON *value)
{
	const cJSON *item;
	size_t before, count = 0;

	cJSON_ArrayForEach(item, value) {
		if (w->faults >= SHAPE_FAULTS_MAX)
			return;
		before = push(w, item->string);
		check_string(w, shape->members[0].shape, item->string);
		walk_value(w, shape->members[1].shape, item);
		pop(w, before);
		count++;
	}
	check_count(w, shape, count, "entries");
}

static void walk_list(struct walk *w, const struct shape *shape, const cJSON *value)
{
	const cJSON *item;
	size_t before, count = 0;

	cJSON_ArrayForEach(item, value) {
		if (w->faults >= SHAPE_FAULTS_MAX)
			return;
		before = push_index(w, count++);
		walk_value(w, shape->members[0].shape, item);
		pop(w, before);
	}
	check_count(w, shape, count, "elements");
}

static void walk_value(struct walk *w, const struct shape *shape, const cJSON *value)
{
	if (!shape_kind_fits(shape->kind, value)) {
		wrong_kind(w, shape, value);
		return;
	}
	switch (shape->kind) {
	case SHAPE_STRUCTURE:
		walk_structure(w, shape, value);
		break;
	case SHAPE_MAP:
		walk_map(w, shape, value);
		break;
	case SHAPE_LIST:
		walk_list(w, shape, value);
		break;
	case SHAPE_STRING:
		check_string(w, shape, value->valuestring);
		break;
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
	case SHAPE_DOUBLE:
		check_number(w, shape, value->valuedouble);
		break;
	case SHAPE_BOOLEAN:
	case SHAPE_TIMESTAMP:
	case SHAPE_BLOB:
		break;
	}
}

int shape_validate(const struct shape *shape, const cJSON *value,
		   const struct shape_options *options, shape_report_fn *report, void *arg)
{
	struct walk w = {.root = shape, .options = options, .report = report, .arg = arg};

	walk_value(&w, shape, value);
	return w.faults;
}
