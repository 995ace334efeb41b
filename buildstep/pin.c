#include "pin.h"

#include "image.h"

#include <string.h>

#define MEMBER "AlgorithmSpecification.TrainingImage"

int pin_check(const cJSON *request, const char *region, struct err *err)
{
	const char *name = json_string(request, MEMBER, NULL);
	struct image image;

	if (!name)
		return 0;	/* an algorithm of SageMaker's own has none */
	if (image_parse(name, &image, err) < 0)
		return -1;
	if (image.ecr && strcmp(image.region, region) != 0)
		return err_set(err, ERR_USAGE, "the image is in %s and the job in %s: SageMaker wants "
			       "them in one region; copy the image, or choose the job's with --region",
			       image.region, region);
	return 0;
}

static int unpinned(FILE *notes, const char *name, const char *why)
{
	fprintf(notes, "warning: the image %s stays unpinned: %s\n", name, why);
	return 0;
}

int pin_image(struct identity *id, cJSON *request, FILE *notes, struct err *err)
{
	const char *name = json_string(request, MEMBER, NULL);
	char pinned[IMAGE_MAX];
	struct image image;

	if (!name)
		return 0;
	if (image_parse(name, &image, err) < 0)
		return -1;
	if (image.digest[0] && !image.tag[0])
		return 0;
	if (!image.digest[0]) {
		if (!image.ecr)
			return unpinned(notes, name, "its registry is not Amazon ECR");
		if (image_resolve(&image, id->home, err) < 0) {
			struct err first = *err;

			if (err->class != ERR_ACCESS || !*aws_error_code(id->home))
				return -1;
			if (id->job == id->home || image_resolve(&image, id->job, err) < 0) {
				if (err->class != ERR_ACCESS)
					return -1;
				return unpinned(notes, name, first.message);
			}
		}
	}
	if (image_pinned(&image, pinned, err) < 0)
		return -1;
	if (json_set_string(request, MEMBER, pinned) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for the image's name");
	fprintf(notes, "image %s%s%s is %s\n", image.repository, image.tag[0] ? ":" : "",
		image.tag, image.digest);
	return 0;
}
