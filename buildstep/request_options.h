/* Options over the members of a request; see request.h. */
#ifndef CODETRAIN_REQUEST_OPTIONS_H
#define CODETRAIN_REQUEST_OPTIONS_H

#include "request.h"

/* Overrides members by options. ERR_USAGE for one that is malformed. */
int request_options_apply(cJSON *tree, const struct request_options *o, struct err *err);

/* What the Estimator would put where nothing stands:
 *   AlgorithmSpecification.TrainingInputMode  File
 *   ResourceConfig.InstanceCount              1 (and no instance groups)
 *   ResourceConfig.VolumeSizeInGB             30
 *   StoppingCondition.MaxRuntimeInSeconds     86400 */
int request_options_defaults(cJSON *tree, struct err *err);

#endif
