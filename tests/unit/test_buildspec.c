/* lib/spec/buildspec*.c */
#include "lib/spec/buildspec.h"
#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define V "version: 0.2\n"
#define OK V "phases: {build: {commands: [make]}}\n"

static void collect(void *arg, const struct buildspec_finding *f)
{
	buf_addf(arg, "%s%s %s %d:%d %s", ((struct buf *)arg)->len ? "\n" : "",
		 f->severity == BUILDSPEC_ERROR ? "E" : "W", f->rule + strlen("buildspec-"), f->line,
		 f->column, f->path);
	assert_true(strlen(f->message) > 0);
}

static void last_message(void *arg, const struct buildspec_finding *f)
{
	struct buf *b = arg;

	buf_clear(b);
	buf_addf(b, "%s; %s", f->message, f->fix ? f->fix : "");
}

static struct buildspec *parse(const char *text, struct buf *findings)
{
	struct buildspec *spec = (struct buildspec *)text;
	struct err err = { 0 };

	assert_int_equal(buildspec_parse(text, strlen(text), "buildspec.yml",
					 findings ? collect : NULL, findings, &spec, &err), 0);
	return spec;
}

/* Each text, and every finding it must give: none for the twin that is right. */
static const struct {
	const char *text, *want;
} table[] = {
	{ OK, "" },
	{ "phases: {build: {commands: [make]}}\n", "E version 1:1 " },
	{ "version: 0.3\nphases: {build: {commands: [make]}}\n", "E version 1:10 /version" },
	{ "version: \"0.2\"\nphases: {build: {commands: [make]}}\n", "" },
	{ "version: 0.1\nphases: {build: {commands: [make]}}\n", "W version 1:10 /version" },
	{ "version: [0.2]\nphases: {build: {commands: [make]}}\n", "E type 1:10 /version" },
	{ V, "E phases-missing 1:1 " },
	{ V "phases:\n", "E phases-missing 1:1 " },
	{ V "batch: {build-list: [{identifier: a, buildspec: a.yml}]}\n", "" },
	{ V "batch: {build-list: [{buildspec: a.yml}]}\n", "E batch 2:22 /batch/build-list/0" },
	{ "- a\n", "E type 1:1 " },
	{ "a:\n\t- b\n", "E yaml 2:1 " },
	{ "version: 0.2\nversion: 0.2\n", "E yaml 2:1 " },
	{ "", "E yaml 1:1 " },

	/* unknown keys */
	{ V "phase: {build: {commands: [make]}}\n", "E unknown-key 2:1 /phase\nE phases-missing 1:1 " },
	{ OK "description: x\n", "W unknown-key 3:1 /description" },
	{ OK "x-common: &c {a: b}\n.more: 1\n", "" },
	{ V "phases: {build: {comands: [make]}}\n",
	  "E unknown-key 2:18 /phases/build/comands\nE commands-missing 2:10 /phases/build" },
	{ V "phases: {build: {commands: [make], on_failure: ABORT}}\n",
	  "E unknown-key 2:36 /phases/build/on_failure" },
	{ OK "env: {variable: {A: b}}\n", "E unknown-key 3:7 /env/variable" },
	{ OK "env: {variables: {A: b}}\n", "" },

	/* phases and commands */
	{ V "phases: {prebuild: {commands: [make]}}\n", "E unknown-phase 2:10 /phases/prebuild" },
	{ V "phases: {.common: &c {commands: [make]}, build: *c}\n", "" },
	{ V "phases: {deploy: {commands: [make]}}\n", "E unknown-phase 2:10 /phases/deploy" },
	{ V "phases: {install: {runtime-versions: {python: 3.11}}, build: {commands: [make]}}\n", "" },
	{ V "phases: {build: {runtime-versions: {python: 3.11}, commands: [make]}}\n",
	  "E unknown-key 2:36 /phases/build/runtime-versions" },
	{ V "phases: {install: {runtime-versions: [python]}, build: {commands: [make]}}\n",
	  "E type 2:38 /phases/install/runtime-versions" },
	{ V "phases:\n  pre_build:\n  build: {commands: [make]}\n",
	  "E commands-missing 3:3 /phases/pre_build" },
	{ V "phases: {build: {finally: [make]}}\n", "E commands-missing 2:10 /phases/build" },
	{ V "phases:\n  build:\n    commands:\n      - make\n      - echo a: b\n",
	  "E command-type 6:9 /phases/build/commands/1" },
	{ V "phases:\n  build:\n    commands:\n      - make\n      - 'echo a: b'\n", "" },
	{ V "phases: {build: {commands: [[make]]}}\n", "E command-type 2:29 /phases/build/commands/0" },
	{ V "phases: {build: {commands: [make], finally: [{a: b}]}}\n",
	  "E command-type 2:46 /phases/build/finally/0" },
	{ V "phases: {build: {commands: make}}\n", "E type 2:28 /phases/build/commands" },
	{ V "phases: {build: {commands: {a: make}}}\n", "E type 2:28 /phases/build/commands" },
	{ V "phases: {build: [make]}\n", "E type 2:17 /phases/build" },
	{ V "phases:\n  build:\n    commands:\n      -\n      - make\n",
	  "W empty-command 5:8 /phases/build/commands/0" },
	{ V "phases: {build: {commands: [1, yes, 2.5]}}\n", "" },
	{ V "phases: {build: {commands: [m]}, post_build: {commands: [push]}}\n",
	  "W post-build 2:34 /phases/post_build" },
	{ V "phases: {build: {commands: [m]}, post_build: {commands: ['$CODEBUILD_BUILD_SUCCEEDING']}}\n", "" },
	{ V "phases: {build: {on-failure: ABORT, commands: [m]}, post_build: {commands: [push]}}\n", "" },
	{ V "phases: {post_build: {commands: [push]}}\n", "" },

	/* on-failure */
	{ V "phases: {build: {on-failure: CONTINUE, commands: [m]}}\n", "" },
	{ V "phases: {build: {on-failure: RETRY, commands: [m]}}\n", "" },
	{ V "phases: {build: {on-failure: RETRY-0, commands: [m]}}\n", "" },
	{ V "phases: {build: {on-failure: RETRY-100, commands: [m]}}\n", "" },
	{ V "phases: {build: {on-failure: 'RETRY-.*Error.*', commands: [m]}}\n", "" },
	{ V "phases: {build: {on-failure: 'RETRY-3-.*Error.*', commands: [m]}}\n", "" },
	{ V "phases: {build: {on-failure: RETRY-101, commands: [m]}}\n", "E on-failure 2:30 /phases/build/on-failure" },
	{ V "phases: {build: {on-failure: 'RETRY-3-(', commands: [m]}}\n", "E on-failure 2:30 /phases/build/on-failure" },
	{ V "phases: {build: {on-failure: RETRY3, commands: [m]}}\n", "E on-failure 2:30 /phases/build/on-failure" },
	{ V "phases: {build: {on-failure: RETRY-, commands: [m]}}\n", "E on-failure 2:30 /phases/build/on-failure" },
	{ V "phases: {build: {on-failure: abort, commands: [m]}}\n", "E on-failure 2:30 /phases/build/on-failure" },

	/* env */
	{ OK "env: {variables: {A: 1, B: true, C: }}\n", "" },
	{ OK "env: {variables: {A: [1]}}\n", "E type 3:22 /env/variables/A" },
	{ OK "env: {variables: [A=1]}\n", "E type 3:18 /env/variables" },
	{ OK "env: {variables: {A-B: 1}}\n", "W variable-name 3:19 /env/variables/A-B" },
	{ OK "env: {variables: {'A=B': 1}}\n", "E variable-name 3:19 /env/variables/A=B" },
	{ OK "env: {variables: {CODEBUILD_X: 1}}\n", "W reserved-variable 3:19 /env/variables/CODEBUILD_X" },
	{ OK "env: {variables: {AWS_PROFILE: 1}}\n", "W reserved-variable 3:19 /env/variables/AWS_PROFILE" },
	{ OK "env: {variables: {AWS_DEFAULT_REGION: us-east-2}}\n", "" },
	{ OK "env: {variables: {DB_PASSWORD: hunter2hunter2}}\n",
	  "W plaintext-secret 3:32 /env/variables/DB_PASSWORD" },
	{ OK "env: {variables: {BETA_SECRET: mlops/beta, TOKEN_URL: 'https://a.b/c1', API_TOKEN: ''}}\n", "" },
	{ OK "env: {parameter-store: {A: /a/b, B: name, C: 'arn:aws:ssm:us-east-2:111111111111:parameter/a'}}\n", "" },
	{ OK "env: {parameter-store: {A: a/b}}\n", "E parameter-store 3:28 /env/parameter-store/A" },
	{ OK "env: {parameter-store: {A: a b}}\n", "E parameter-store 3:28 /env/parameter-store/A" },
	{ OK "env: {secrets-manager: {A: 'x', B: 'x:k', C: 'x:k:AWSCURRENT', D: 'x:k::v1'}}\n", "" },
	{ OK "env: {secrets-manager: {A: 'arn:aws:secretsmanager:us-east-2:111111111111:secret:m/b-AbCdEf',"
	  " B: 'arn:aws:secretsmanager:us-east-2:111111111111:secret:m/b-AbCdEf:key::'}}\n", "" },
	{ OK "env: {secrets-manager: {A: 'x:k:s:v'}}\n", "E secrets-manager 3:28 /env/secrets-manager/A" },
	{ OK "env: {secrets-manager: {A: 'x:k:s:v:w'}}\n", "E secrets-manager 3:28 /env/secrets-manager/A" },
	{ OK "env: {secrets-manager: {A: ':k'}}\n", "E secrets-manager 3:28 /env/secrets-manager/A" },
	{ OK "env: {secrets-manager: {A: 'arn:aws:s3:::bucket'}}\n", "E secrets-manager 3:28 /env/secrets-manager/A" },
	{ OK "env: {secrets-manager: {A: 'arn:aws:s3:r:1:secret:x'}}\n",
	  "E secrets-manager 3:28 /env/secrets-manager/A" },
	{ OK "env: {shell: bash}\n", "" },
	{ OK "env: {shell: zsh}\n", "E value 3:14 /env/shell" },
	{ OK "env: {git-credential-helper: yes}\n", "" },
	{ OK "env: {git-credential-helper: maybe}\n", "E value 3:30 /env/git-credential-helper" },
	{ OK "env: {variables: {A: 1}, exported-variables: [A]}\n", "" },
	{ OK "env: {exported-variables: [A]}\n", "W exported-unset 3:28 /env/exported-variables/0" },
	{ V "phases: {build: {commands: ['export A=1']}}\nenv: {exported-variables: [A]}\n", "" },
	{ V "phases: {build: {commands: ['export AB=1']}}\nenv: {exported-variables: [A]}\n",
	  "W exported-unset 3:28 /env/exported-variables/0" },
	{ V "phases: {build: {commands: ['. ./vars.sh']}}\nenv: {exported-variables: [A]}\n", "" },
	{ OK "env: {exported-variables: [A, 1B]}\n", "E variable-name 3:31 /env/exported-variables/1" },
	{ OK "env: {variables: {AWS_X: 1}, exported-variables: [AWS_X]}\n",
	  "W reserved-variable 3:51 /env/exported-variables/0" },
	{ OK "env: {variables: {PATH: '$PATH:/opt/ant/bin'}}\n", "W variable-literal 3:25 /env/variables/PATH" },
	{ OK "env: {variables: {COST: '5 $ a day', P: 'a$1', Q: '$$'}}\n", "" },
	{ OK "env: {variables: {A: 1}, parameter-store: {A: /a}}\n", "W variable-twice 3:44 /env/parameter-store/A" },
	{ OK "env: {variables: {A: 1}, parameter-store: {B: /a}}\n", "" },
	{ "version: 0.1\nphases: {build: {commands: [make]}}\nenvironment_variables: {plaintext: {A: 1}}\n",
	  "W version 1:10 /version" },
	{ OK "environment_variables: {plaintext: {A: 1}}\n", "W unknown-key 3:24 /environment_variables" },

	/* what CodeBuild takes, and people regret */
	{ V "phases: {build: {commands: ['$(aws ecr get-login --no-include-email)']}}\n",
	  "W command 2:29 /phases/build/commands/0" },
	{ V "phases: {build: {commands: ['aws ecr get-login-password | docker login --password-stdin h']}}\n", "" },
	{ V "phases: {build: {commands: ['docker login -u a -p $P h']}}\n", "W command 2:29 /phases/build/commands/0" },
	{ OK "cache: {key: a}\n", "W cache 3:8 /cache" },
	{ V "phases: {install: {runtime-versions: {cobol: 1}}, build: {commands: [make]}}\n",
	  "W runtime 2:39 /phases/install/runtime-versions/cobol" },
	{ V "phases: {install: {runtime-versions: {nodjs: 1}}, build: {commands: [make]}}\n",
	  "E runtime 2:39 /phases/install/runtime-versions/nodjs" },
	{ V "batch: {build-list: [{identifier: a, depend-on: [b]}, {identifier: b}]}\n",
	  "W batch 2:49 /batch/build-list/0" },
	{ V "batch: {build-graph: [{identifier: a, depend-on: [b]}, {identifier: b}]}\n", "" },
	{ V "batch: {build-graph: [{identifier: a}], build-list: [{identifier: b}]}\n", "W batch 2:8 /batch" },

	/* what a build leaves */
	{ OK "artifacts: {files: ['**/*'], discard-paths: yes, base-directory: out, name: n}\n", "" },
	{ OK "artifacts: {files: one.zip}\n", "" },
	{ OK "artifacts: {base-directory: out}\n", "E files-missing 3:12 /artifacts" },
	{ OK "artifacts:\n", "" },
	{ OK "artifacts: {files: [a], discard-paths: perhaps}\n", "E value 3:40 /artifacts/discard-paths" },
	{ OK "artifacts: {secondary-artifacts: {a: {files: [x]}, b: {files: [y]}}}\n", "" },
	{ OK "artifacts: {files: [z], secondary-artifacts: {a: {base-directory: x}}}\n",
	  "E files-missing 3:50 /artifacts/secondary-artifacts/a" },
	{ OK "reports: {unit: {files: [a.xml], file-format: JUNITXML}}\n", "" },
	{ OK "reports: {unit: {files: [a.xml], file-format: JUNIT}}\n", "E value 3:47 /reports/unit/file-format" },
	{ OK "reports: {unit: {file-format: JUNITXML}}\n", "E files-missing 3:17 /reports/unit" },
	{ OK "cache: {paths: ['/root/.m2/**/*'], key: k, action: save}\n", "" },
	{ OK "cache: {path: [a]}\n", "E unknown-key 3:9 /cache/path" },
	{ OK "proxy: {upload-artifacts: no, logs: yes}\n", "" },
	{ OK "proxy: {logs: 7}\n", "E value 3:15 /proxy/logs" },
	{ OK "run-as: root\n", "" },
	{ OK "run-as: [root]\n", "E type 3:9 /run-as" },
	/* anchors */
	{ V "x-c: &c [make]\nphases: {build: {commands: *c}}\n", "" },
	{ V "x-c: &c [make]\nphases: {build: {commands: [*c]}}\n", "E command-type 2:6 /phases/build/commands/0" },
};

static void judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf found = BUF_INIT(4096);
		struct buildspec *spec = parse(table[i].text, &found);
		bool refused = buf_str(&found)[0] == 'E' || strstr(buf_str(&found), "\nE");

		if (strcmp(buf_str(&found), table[i].want) != 0)
			fail_msg("%s\n-- gives --\n%s\n-- not --\n%s", table[i].text, buf_str(&found),
				 table[i].want);
		assert_int_equal(spec == NULL, refused);
		buildspec_free(spec);
		buf_free(&found);
	}
}

static void words(void **state)
{
	static const struct {
		const char *text, *want;
	} messages[] = {
		{ V "phases:\n  build:\n    commands:\n      - a\n      - echo x: y\n",
		  "Expected Commands[1] to be of string type: found subkeys instead at line 6, value of "
		  "the key tag on line 5 might be empty; quote the whole command" },
		{ V "phases:\n\tbuild: 1\n", "found character that cannot start any token" },
		{ V "phases: [a, b\nx: y\n", "did not find expected ',' or ']'" },
		{ V "phases: {bild: {commands: [a]}}\n", "did you mean build?; " },
		{ V "phases: {build: {commands: [a], onfailure: ABORT}}\n",
		  "the phase build has no \"onfailure\": did you mean \"on-failure\"?; " },
		{ OK "env: {variables: {MY_PASSWORD: s3cretvalue}}\n", "MY_PASSWORD looks like a secret" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		struct buf got = BUF_INIT(4096);
		struct err err = { 0 };

		assert_int_equal(buildspec_parse(messages[i].text, strlen(messages[i].text), "dir/b.yml",
						 last_message, &got, NULL, &err), 0);
		if (!strstr(buf_str(&got), messages[i].want))
			fail_msg("%s: %s", messages[i].text, buf_str(&got));
		assert_null(strstr(buf_str(&got), "s3cret"));
		assert_null(strstr(buf_str(&got), "dir/b.yml"));
		buf_free(&got);
	}
}

static void model(void **state)
{
	static const char text[] =
		"version: 0.2\nrun-as: builder\n"
		"env:\n  shell: bash\n  variables: {A: '1', B: two}\n  parameter-store: {P: /p}\n"
		"  secrets-manager: {S: 'x:k'}\n  exported-variables: [A, OUT]\n"
		"phases:\n"
		"  install: {commands: [i1], finally: [f1, f2]}\n"
		"  build:\n    run-as: other\n    on-failure: RETRY-7-.*refused.*\n    commands:\n"
		"      - |\n        one\n        two\n      - three\n"
		"artifacts:\n  files: [a, b/**/*]\n  exclude-paths: b/x\n  discard-paths: yes\n"
		"  secondary-artifacts: {second: {files: [c], base-directory: d}}\n"
		"reports:\n  unit: {files: [r.xml], base-directory: reports}\n";
	struct buildspec *s = parse(text, NULL);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->version, 2);
	assert_string_equal(s->shell, "bash");
	assert_string_equal(s->run_as, "builder");
	assert_int_equal(s->n_variables, 4);
	assert_string_equal(s->variables[1].value, "two");
	assert_int_equal(s->variables[2].source, BUILDSPEC_PARAMETER);
	assert_int_equal(s->variables[3].source, BUILDSPEC_SECRET);
	assert_int_equal(s->variables[3].line, 7);
	assert_int_equal(s->exported.n, 2);
	assert_string_equal(s->exported.v[1], "OUT");
	assert_int_equal(s->phases[0].finally.n, 2);
	assert_false(s->phases[1].present);
	assert_int_equal(s->phases[2].on_failure, BUILDSPEC_RETRY);
	assert_int_equal(s->phases[2].retries, 7);
	assert_string_equal(s->phases[2].retry_pattern, ".*refused.*");
	assert_string_equal(s->phases[2].run_as, "other");
	assert_int_equal(s->phases[2].commands.n, 2);
	assert_string_equal(s->phases[2].commands.v[0].text, "one\ntwo\n");
	assert_int_equal(s->phases[2].commands.v[0].line, 15);
	assert_int_equal(s->n_artifacts, 2);
	assert_int_equal(s->n_reports, 1);
	assert_string_equal(s->reports[0].name, "unit");
	assert_string_equal(s->reports[0].format, "JUNITXML");
	for (size_t i = 0; i < 2; i++) {
		const struct buildspec_files *f = &s->artifacts[i];

		if (!*f->name) {
			assert_int_equal(f->files.n, 2);
			assert_string_equal(f->exclude.v[0], "b/x");
			assert_true(f->discard_paths);
		} else {
			assert_string_equal(f->name, "second");
			assert_string_equal(f->base_directory, "d");
		}
	}
	buildspec_free(s);
	buildspec_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judged),
		cmocka_unit_test(words),
		cmocka_unit_test(model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
