/*
 * The rules of the services: for each a value drawn by chance that is found by it and by
 * nothing else, and one of the same form that nobody drew. A row's text is a form:
 * <A36> stands for 36 letters and digits, so that this file holds no secret.
 */
#include "hooks/secrets/scan.h"
#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct form {
	const char *id, *text;
} forms[] = {
	{ "age-secret-key", "AGE-SECRET-KEY-1<Q58>" },
	{ "wireguard-private-key", "PrivateKey = <B42>0=" },
	{ "github-token-unchecked", "ghp_<A36>" },
	{ "github-fine-grained-token", "github_pat_<A82>" },
	{ "gitlab-token-routable-unchecked", "glpat-<W40>.01.<L9>" },
	{ "gitlab-other-token-routable-unchecked", "glrt-t3_<W40>.01.<L9>" },
	{ "gitlab-token", "glpat-<W20>" },
	{ "gitlab-deploy-token", "gldt-<W20>" },
	{ "gitlab-runner-token", "glrt-<W20>" },
	{ "gitlab-runner-registration-token", "GR1348941<W20>" },
	{ "gitlab-trigger-token", "glptt-<H40>" },
	{ "gitlab-job-token", "glcbt-<A2>_<W20>" },
	{ "gitlab-feed-token", "glft-<W20>" },
	{ "gitlab-scim-token", "glsoat-<W20>" },
	{ "gitlab-agent-token", "glagent-<W50>" },
	{ "gitlab-oauth-secret", "gloas-<W64>" },
	{ "gitlab-feature-flag-token", "glffct-<W20>" },
	{ "gitlab-session-cookie", "_gitlab_session=<L32>" },
	{ "atlassian-api-token-unchecked", "ATATT3<W186>" },
	{ "bitbucket-app-password", "ATBB<A32>" },
	{ "atlassian-token-named", "JIRA_API_TOKEN=<A24>" },
	{ "bitbucket-client-secret", "bitbucket = <A64>" },
	{ "bitbucket-client-id", "bitbucket = <A32>" },
	{ "huggingface-token", "hf_<Z34>" },
	{ "huggingface-organization-token", "api_org_<Z34>" },
	{ "openai-api-key", "sk-proj-<W58>T3BlbkFJ<W58>" },
	{ "anthropic-api-key", "sk-ant-api03-<W93>AA" },
	{ "anthropic-admin-key", "sk-ant-admin01-<W93>AA" },
	{ "openrouter-api-key", "sk-or-v1-<H64>" },
	{ "wandb-api-key-v1", "wandb_v1_<A77>" },
	{ "wandb-api-key", "WANDB_API_KEY=<H40>" },
	{ "kaggle-token", "KGAT_<H32>" },
	{ "kaggle-key", "{\"username\":\"someone\",\"key\":\"<H32>\"}" },
	{ "databricks-token", "dapi<H32>" },
	{ "databricks-oauth-secret", "dose<H32>" },
	{ "cohere-api-key", "CO_API_KEY=<A40>" },
	{ "replicate-api-token", "r8_<A37>" },
	{ "groq-api-key", "gsk_<A52>" },
	{ "xai-api-key", "xai-<A80>" },
	{ "perplexity-api-key", "pplx-<A48>" },
	{ "mistral-api-key", "export MISTRAL_API_KEY=<A32>" },
	{ "deepseek-api-key", "deepseek = sk-<L32>" },
	{ "nvidia-api-key", "nvapi-<W64>" },
	{ "pinecone-api-key", "pcsk_<A4>_<A60>" },
	{ "langsmith-api-key", "lsv2_pt_<H32>_<H10>" },
	{ "langfuse-secret-key", "sk-lf-<H8>-<H4>-<H4>-<H4>-<H12>" },
	{ "together-api-key", "tgp_v1_<W43>" },
	{ "cerebras-api-key", "csk-<L48>" },
	{ "elevenlabs-api-key", "ELEVENLABS_API_KEY=sk_<H48>" },
	{ "comet-api-key", "COMET_API_KEY=<A25>" },
	{ "prefect-api-key", "pnu_<L36>" },
	{ "roboflow-api-key", "roboflow = <A20>" },
	{ "privateai-api-token", "private_ai: <L32>" },
	{ "pypi-token", "pypi-AgEIcHlwaS5vcmc<W150>" },
	{ "npm-token-unchecked", "npm_<A36>" },
	{ "npmrc-auth-token", "//r.a.io/:_authToken=<H8>-<H4>-<H4>-<H4>-<H12>" },
	{ "npmrc-password", "//r.a.io/:_password=<B24>=" },
	{ "rubygems-key", "rubygems_<H48>" },
	{ "crates-token", "cio<A32>" },
	{ "nuget-key", "oy2<L43>" },
	{ "clojars-token", "CLOJARS_<A60>" },
	{ "dockerhub-token", "dckr_pat_<W27>" },
	{ "dockerhub-organization-token", "dckr_oat_<W32>" },
	{ "artifactory-api-key", "AKCp<A69>" },
	{ "artifactory-reference-token", "cmVmd<A59>" },
	{ "jfrog-api-key", "jfrog = <A73>" },
	{ "jfrog-identity-token", "jfrog = <A64>" },
	{ "anaconda-token", "https://conda.anaconda.org/t/us-<H8>-<H4>-<H4>-<H4>-<H12>/x" },
	{ "nuget-config-password", "<add key=\"ClearTextPassword\" value=\"<A12>\"" },
	{ "slack-bot-token", "xoxb-<D12>-<D13>-<A24>" },
	{ "slack-legacy-bot-token", "xoxb-<D12>-<A20>" },
	{ "slack-user-token", "xoxp-<D12>-<D12>-<D13>-<H32>" },
	{ "slack-app-token", "xapp-1-<U11>-<D13>-<H64>" },
	{ "slack-config-token", "xoxe.xoxp-1-<A140>" },
	{ "slack-legacy-token", "xoxs-<D10>-<D10>-<D10>-<H10>" },
	{ "slack-legacy-workspace-token", "xoxa-2-<A30>" },
	{ "slack-webhook", "https://hooks.slack.com/services/T<U9>/B<U9>/<A24>" },
	{ "discord-bot-token", "DISCORD_TOKEN=M<A23>.<A6>.<W27>" },
	{ "discord-client-secret", "DISCORD_SECRET = <W32>" },
	{ "discord-key", "discord = <H64>" },
	{ "discord-webhook", "https://discord.com/api/webhooks/<D18>/<W68>" },
	{ "telegram-bot-token", "<D8>:AA<W33>" },
	{ "telegram-bot-token-named", "TELEGRAM_TOKEN=<D10>:A<W34>" },
	{ "teams-webhook", "https://a.webhook.office.com/webhookb2/<L36>@<L36>/IncomingWebhook/<L32>/<L36>" },
	{ "mattermost-token", "mattermost = <L26>" },
	{ "google-api-key", "AIza<W35>" },
	{ "google-oauth-secret", "GOCSPX-<W28>" },
	{ "google-access-token", "ya29.<W60>" },
	{ "google-refresh-token", "1//0<L1><W60>" },
	{ "google-service-account", "\"type\": \"service_account\"" },
	{ "azure-storage-key", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=<B86>==;" },
	{ "azure-service-key", "<B76>+ASt<B6>==" },
	{ "azure-shared-access-key", "Endpoint=sb://a.b/;SharedAccessKey=<B43>=" },
	{ "azure-sas", "https://a.blob.core.windows.net/c?sv=2022-11-02&se=2030-01-01&sp=r&sig=<B43>%3D" },
	{ "azure-ad-client-secret", "<A3><D1>Q~<W31>" },
	{ "azure-devops-token", "<A76>AZDO<A4>" },
	{ "azure-devops-token-named", "AZURE_DEVOPS_PAT=<G52>" },
	{ "azure-openai-key", "AZURE_OPENAI_API_KEY=<H32>" },
	{ "digitalocean-token", "dop_v1_<H64>" },
	{ "heroku-api-key", "HRKU-AA<W58>" },
	{ "heroku-api-key-named", "heroku=<H8>-<H4>-<H4>-<H4>-<H12>" },
	{ "terraform-cloud-token", "<A14>.atlasv1.<A67>" },
	{ "vault-token", "hvs.<W90>" },
	{ "vault-batch-token", "hvb.<W138>" },
	{ "vault-token-named", "VAULT_TOKEN=s.<A24>" },
	{ "grafana-token", "glsa_<A32>_<H8>" },
	{ "grafana-cloud-token", "glc_<B32>" },
	{ "grafana-api-key", "eyJrIjoi<A62>" },
	{ "datadog-key", "DD_APP_KEY=<H40>" },
	{ "datadog-api-key", "DD_API_KEY=<H32>" },
	{ "new-relic-key", "NRAK-<A27>" },
	{ "new-relic-browser-key", "NRJS-<H19>" },
	{ "new-relic-license-key", "<H36>NRAL" },
	{ "new-relic-key-named", "newrelic = <L64>" },
	{ "sentry-token", "sntryu_<H64>" },
	{ "sentry-organization-token", "sntrys_eyJ<B120>_<B43>" },
	{ "sentry-token-named", "sentry = <H64>" },
	{ "pagerduty-key", "PAGERDUTY_TOKEN=u+<W18>" },
	{ "cloudflare-token", "cloudflare = <W40>" },
	{ "cloudflare-global-key", "CLOUDFLARE_API_KEY=<H37>" },
	{ "cloudflare-origin-key", "v1.0-<H24>-<H146>" },
	{ "pulumi-token", "pul-<H40>" },
	{ "doppler-token", "dp.pt.<A40>" },
	{ "netlify-token", "nfp_<A36>" },
	{ "flyio-token", "fo1_<W43>" },
	{ "flyio-macaroon", "fm2_<B160>" },
	{ "supabase-token", "sbp_<H40>" },
	{ "alibaba-key-id", "LTAI<A20>" },
	{ "alibaba-secret", "alibaba = <A30>" },
	{ "snowflake-password", "snowflake_password = \"<A12>!\"" },
	{ "circleci-token", "CCIPAT_<A22>_<H40>" },
	{ "launchdarkly-key", "sdk-<H8>-<H4>-4<H3>-8<H3>-<H12>" },
	{ "sonar-token", "squ_<H40>" },
	{ "snyk-token", "snyk=<H8>-<H4>-<H4>-<H4>-<H12>" },
	{ "stripe-key", "sk_live_<A40>" },
	{ "stripe-key-short", "sk_test_<A24>" },
	{ "stripe-webhook-secret", "whsec_<A32>" },
	{ "twilio-key", "SK<H32>" },
	{ "twilio-auth-token", "TWILIO_AUTH_TOKEN=<H32>" },
	{ "sendgrid-key", "SG.<W22>.<W43>" },
	{ "sendgrid-key-odd", "SG.<W21>..<W43>" },
	{ "mailgun-key", "MAILGUN_KEY=key-<H32>" },
	{ "mailgun-signing-key", "mailgun = <H32>-<H8>-<H8>" },
	{ "mailchimp-key", "<H32>-us14" },
	{ "brevo-key", "xkeysib-<H64>-<A16>" },
	{ "shopify-token", "shpat_<H32>" },
	{ "square-token", "EAAA<A60>" },
	{ "square-application-token", "sq0atp-<W22>" },
	{ "linear-key", "lin_api_<A40>" },
	{ "notion-token", "ntn_<D11><A35>" },
	{ "airtable-token", "pat<A14>.<H64>" },
	{ "postman-key", "PMAK-<H24>-<H34>" },
	{ "planetscale-token", "pscale_tkn_<W32>" },
	{ "onepassword-token", "ops_eyJ<B400>" },
	{ "onepassword-secret-key", "A3-<U6>-<U6>-<U5>-<U5>-<U5>-<U5>" },
	{ "facebook-token", "EAAC<A100>" },
	{ "kubernetes-secret", "kind: Secret\ndata:\n  a: <B24>\n" },
	{ "curl-password", "curl -u joe:<A12> https://a.b" },
	{ "authorization-bearer", "curl -H 'Authorization: Bearer <L40>'" },
	{ "secret-in-environment", "\nAPP_SECRET=<A32>\n" },
	{ "secret-assigned-plain", "client_secret: <A32>\n" },
	{ "secret-assigned", "client_secret = \"<A32>\"" },
};

static struct scan_rules *rules;
static struct scanner *scanner;

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return scan_rules_open(&rules, NULL, NULL, &err) < 0 || scan_open(rules, &scanner, &err) < 0;
}

static int teardown(void **state)
{
	(void)state;
	scan_close(scanner);
	scan_rules_close(rules);
	return 0;
}

static const char *letters(char class)
{
	static const char all[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-+/";

	switch (class) {
	case 'D': return "0123456789";
	case 'H': return "0123456789abcdef";
	case 'L': return "0123456789abcdefghijklmnopqrstuvwxyz";
	case 'U': return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	case 'Z': return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	case 'A': return "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	case 'B': return "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/";
	case 'W': return "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
	case 'Q': return "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";	/* Bech32 */
	case 'G': return "abcdefghijklmnopqrstuvwxyz234567";	/* base32 */
	default: return all;
	}
}

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* The text of a form. Without a state each place has its first letter. */
static void fill(const char *form, uint32_t *state, struct buf *out)
{
	buf_clear(out);
	for (; *form; form++) {
		const char *set = *form == '<' && form[1] >= 'A' && form[1] <= 'Z' ? letters(form[1]) : NULL;
		char *after;
		size_t n;

		if (!set) {
			buf_addc(out, *form);
			continue;
		}
		n = strtoul(form + 2, &after, 10);
		assert_int_equal(*after, '>');
		form = after;
		while (n--)
			buf_addc(out, set[state ? next(state) % strlen(set) : 0]);
	}
}

static int note(void *arg, const struct scan_hit *hit, struct err *err)
{
	(void)err;
	return buf_addf(arg, "%s ", hit->rule->id);
}

static void found(const struct buf *text, struct buf *got)
{
	struct err err = { 0 };

	buf_clear(got);
	assert_int_equal(scan_bytes(scanner, &(struct scan_text){ .data = buf_str(text), .len = text->len },
				    note, got, &err), 0);
}

static void drawn_by_chance(void **state)
{
	struct buf text = BUF_INIT(4096), got = BUF_INIT(4096);
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		uint32_t seed = 2463534242u;
		size_t len = strlen(forms[i].id);

		for (size_t k = 0; k < len; k++) {	/* rows may come and go: each has its own */
			seed += (unsigned char)forms[i].id[k];
			next(&seed);
		}
		fill(forms[i].text, &seed, &text);
		found(&text, &got);
		if (strncmp(buf_str(&got), forms[i].id, len) == 0 && strcmp(buf_str(&got) + len, " ") == 0)
			continue;
		print_message("# %s: found [%s] in %s\n", forms[i].id, buf_str(&got), buf_str(&text));
		wrong++;
	}
	assert_int_equal(wrong, 0);
	buf_free(&text);
	buf_free(&got);
}

static void of_the_same_form(void **state)
{
	struct buf text = BUF_INIT(4096), got = BUF_INIT(4096);
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		fill(forms[i].text, NULL, &text);
		found(&text, &got);
		if (got.len == 0 || !strchr(forms[i].text, '<'))
			continue;
		print_message("# %s: found [%s] in %s\n", forms[i].id, buf_str(&got), buf_str(&text));
		wrong++;
	}
	assert_int_equal(wrong, 0);
	buf_free(&text);
	buf_free(&got);
}

/* Rules that test_rules.c looks at. */
static bool elsewhere(const struct rule *rule)
{
	static const char *const ids[] = {
		"github-token", "npm-token", "gitlab-token-routable", "gitlab-other-token-routable",
		"atlassian-api-token", "neptune-api-token", "docker-config-auth", "private-key",
		"private-key-encrypted", "putty-private-key", "database-url", "url-password", "jwt",
		"authorization-header",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (strcmp(rule->id, ids[i]) == 0)
			return true;
	return strcmp(rule->group, "aws") == 0;
}

static void every_rule_has_a_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < rules_count; i++) {
		bool here = elsewhere(&rules_table[i]);

		for (size_t k = 0; k < sizeof(forms) / sizeof(*forms) && !here; k++)
			here = strcmp(forms[k].id, rules_table[i].id) == 0;
		if (!here)
			print_message("# no form: %s\n", rules_table[i].id);
		assert_true(here);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drawn_by_chance), cmocka_unit_test(of_the_same_form),
		cmocka_unit_test(every_rule_has_a_form),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
