#include "provider.h"

#include "lib/aws/creds_run.h"

int provider_keyring(const struct provider_request *p, struct creds *out, struct err *err)
{
	return creds_run_keyring(p->a->shared->config, p->choice->profile, p->a->shared->stop, out, err);
}
