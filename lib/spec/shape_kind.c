/* The kinds of values: does one fit, and what to call them. */
#include "lib/spec/shape_walk.h"

const char *shape_kind_wanted(enum shape_kind kind)
{
	switch (kind) {
	case SHAPE_STRUCTURE:
	case SHAPE_MAP:
		return "an object";
	case SHAPE_LIST:
		return "a list";
	case SHAPE_STRING:
	case SHAPE_BLOB:
		return "a string";
	case SHAPE_INTEGER:
	case SHAPE_LONG:
		return "a whole number";
	case SHAPE_FLOAT:
	case SHAPE_DOUBLE:
		return "a number";
	case SHAPE_BOOLEAN:
		return "true or false";
	case SHAPE_TIMESTAMP:
		return "a time (seconds since 1970, or ISO 8601)";
	}
	return "something else";
}

const char *shape_kind_found(const cJSON *value)
{
	if (cJSON_IsObject(value))
		return "an object";
	if (cJSON_IsArray(value))
		return "a list";
	if (cJSON_IsString(value))
		return "a string";
	if (cJSON_IsNumber(value))
		return "a number";
	if (cJSON_IsBool(value))
		return "true or false";
	return "null (leave the member out instead)";
}

bool shape_kind_fits(enum shape_kind kind, const cJSON *value)
{
	switch (kind) {
	case SHAPE_STRUCTURE:
	case SHAPE_MAP:
		return cJSON_IsObject(value);
	case SHAPE_LIST:
		return cJSON_IsArray(value);
	case SHAPE_STRING:
	case SHAPE_BLOB:
		return cJSON_IsString(value);
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
	case SHAPE_DOUBLE:
		return cJSON_IsNumber(value);
	case SHAPE_BOOLEAN:
		return cJSON_IsBool(value);
	case SHAPE_TIMESTAMP:
		return cJSON_IsNumber(value) || cJSON_IsString(value);
	}
	return false;
}
