#include "build.h"

#include "lib/base/clock.h"
#include "lib/spec/json.h"

static cJSON *phase(const char *name, const struct build_phase_result *r)
{
	cJSON *o = cJSON_CreateObject();

	json_set_string(o, "name", name);
	json_set_string(o, "status", build_status_names[r->status]);
	json_set(o, "seconds", cJSON_CreateNumber((double)r->ms / 1000));
	if (r->status == BUILD_SUCCEEDED || r->status == BUILD_FAILED)
		json_set_integer(o, "exit_code", r->exit_code);
	if (r->command)
		json_set_string(o, "command", r->command);
	if (r->message)
		json_set_string(o, "message", r->message);
	return o;
}

static void set_time(cJSON *o, const char *name, int64_t ms)
{
	char text[CLOCK_EXTENDED_LEN];

	clock_extended(ms / 1000, text);
	json_set_string(o, name, text);
}

cJSON *build_result(const struct build *b, const struct err *fault)
{
	cJSON *o = cJSON_CreateObject(), *phases = cJSON_CreateArray();

	json_set_string(o, "status", build_status_names[fault ? BUILD_FAILED : b->status]);
	if (fault)
		json_set_string(o, "error", fault->message);
	if (b->commit[0])
		json_set_string(o, "commit", b->commit);
	for (int i = 0; i < BUILDSPEC_PHASES; i++)
		if (b->phases[i].ran)
			cJSON_AddItemToArray(phases, phase(buildspec_phase_names[i], &b->phases[i]));
	if (b->upload.ran)
		cJSON_AddItemToArray(phases, phase("upload_artifacts", &b->upload));
	json_set(o, "phases", phases);
	if (b->attempts > 1)
		json_set_integer(o, "attempts", b->attempts);
	json_set(o, "exported", cJSON_Duplicate(b->exported, true));
	if (cJSON_GetArraySize(b->artifacts))
		json_set(o, "artifacts", cJSON_Duplicate(b->artifacts, true));
	if (cJSON_GetArraySize(b->reports))
		json_set(o, "reports", cJSON_Duplicate(b->reports, true));
	set_time(o, "started", b->started_ms);
	set_time(o, "ended", b->ended_ms);
	return o;
}
