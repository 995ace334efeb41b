"""Text for tools/history.py: lines and blocks that look like source code."""
import base64
import zlib
from collections import namedtuple

WORDS = """access account action address agent alarm alias api app archive argument arn array
asset attribute auth backend backup balance base batch billing binding block body bucket buffer
build bundle byte cache call callback catalog channel check chunk claim class client cluster code
column command commit config connection consumer container content context copy count credential
cursor data database date default definition delete delivery deploy description detail device
digest directory domain driver endpoint engine entity entry environment error event execution
export expression field file filter flag flow folder format function gateway grant graph group
handler hash header health history host identifier identity image import index info input instance
interface interval invoke item job key label lambda layer length level license limit line list
listener location lock log login manager map mapping marker master match member message metadata
method metric model module monitor name namespace network node notification number object offset
operation option order origin output owner package page parameter parent partition password path
pattern payload permission pipeline plan platform policy pool port prefix principal private
process product profile project property protocol provider proxy public query queue quota range
rate record region registry release remote replica report repository request reset resource
response result retention retry role root route rule run sample schedule schema scope script
search secret section security segment sequence serial server service session setting shard
signature size snapshot source span stack stage state statement status step storage store stream
string subnet subscription summary table tag target task template tenant test text thread
threshold time timeout token topic trace transaction transfer trigger type unit update upload url
usage user value variable vault version view volume vpc wait window worker workflow zone""".split()
SERVICES = """accounts apigateway athena autoscaling backup batch billing cloudfront cloudwatch
codebuild cognito config dynamodb ec2 ecr ecs efs elasticache events firehose glue iam kinesis kms
lambda logs organizations pipes rds redshift route53 s3 sagemaker secrets ses signer sns sqs ssm
stepfunctions sts support tagging transfer vpc waf workspaces""".split()
FORMS = ["aws-id", "aws-secret", "github", "private-key", "env", "slack", "gitlab"]
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# head, block, line: functions of a Text; size: the logarithm of a file's usual bytes
Language = namedtuple("Language", "name weight size places suffixes head block line")

PYTHON = ["{i}{a} = self.{b}.get({s!r}, {n})", "{i}{a} = {c}({b}={d}, {e}={s!r})", "{i}if {a} not in self.{b}:",
          "{i}    raise {C}Exception({s!r}, {a})", "{i}self.{a}[{b}] = {c}", "{i}assert {a}[{s!r}] == {n}",
          "{i}{a}.should.have.length_of({n})", "{i}return {{{s!r}: {a}, {t!r}: {b}}}", "{i}for {a} in {b}.values():",
          "{i}{a} = [x for x in {b} if x.{c} == {d}]", '{i}# {m}', "{i}{a} = {b}_client.{c}({D}={s!r})",
          "{i}{a}: Dict[str, {C}] = {{}}", "{i}with pytest.raises({C}Error) as {a}:", "{i}{a} += {b}.{c}[{n}:]",
          '{i}password = self._get_param("{D}Password")', '{i}secret_key = {a}.get("{s}", None)',
          '{i}token = {a}.next_token or self.{b}_token', '{i}"{D}KeyId": {a}.key_id,', '{i}api_key = os.environ.get("{E}_API_KEY")',
          '{i}{a} = hashlib.sha256({b}.encode("utf-8")).hexdigest()', '{i}url = f"https://{{{a}}}.{s}.amazonaws.com/{{{b}}}"',
          "", "{i}logger.debug({m!r}, {a})"]
SCRIPT = ["{i}const {a} = await this.{b}.{c}({d});", "{i}if (!{a}.{b}) {{", "{i}  throw new {C}Error('{m}');", "{i}}}",
          "{i}this.{a} = {b} || '{s}';", "{i}expect({a}.{b}).toEqual({n});", "{i}return {{ {a}, {b}: {c} }};",
          "{i}// {m}", "{i}  headers: {{ Authorization: `Bearer ${{{a}Token}}` }},", "{i}const secret = process.env.{E}_SECRET;",
          "{i}{a}.forEach(({b}) => {c}.push({b}.{d}));", "{i}export const {a} = '{s}';", "{i}type: '{D}{C}',", ""]
GO = ["{i}{a}, err := {b}.{D}(ctx, {c})", "{i}if err != nil {{", "{i}\treturn nil, fmt.Errorf(\"{m}: %w\", err)", "{i}}}",
      "{i}{a}.{D} = aws.String(\"{s}\")", "{i}for _, {a} := range {b}.{D} {{", "{i}// {m}", "{i}{D}Key string `json:\"{s}\"`",
      "{i}password := {a}.Config.{D}Password", "{i}return {a}.{D}({n})", ""]
JAVA = ["{i}private final {C} {a};", "{i}public {C} get{D}() {{ return this.{a}; }}", "{i}{C} {a} = new {C}({b}, \"{s}\");",
        "{i}if ({a} == null) throw new IllegalStateException(\"{m}\");", "{i}assertEquals({n}, {a}.get{D}());", "{i}/** {m}. */",
        "{i}String {a}Password = properties.getProperty(\"{s}.password\");", "{i}}}", ""]
YAML = ["  {s}:", "    Type: AWS::{D}::{C}", "    {D}: !Ref {C}", "      - {a}: {n}", "        {s}: \"{t}\"", "    # {m}",
        "      {E}_TOKEN: ${{{{ secrets.{E}_TOKEN }}}}", "    {D}KeyArn: !GetAtt {C}.Arn", "        password: !ImportValue {s}"]
JSON = ['    "{s}": {{', '      "{D}": "{t}",', '      "{a}": {n},', '    }},', '      "type": "{a}",', '      "{D}KeyId": "{s}",',
        '      "documentation": "<p>{m}.</p>",', '      "{C}": {{"shape": "{D}"}},']
PROSE = ["{m}. The `{a}` of a {s} is its `{b}`.", "", "* `{a}`: {m}", "    $ {a} --{s} {n}", "{m}, {m}.", "## {D} and {C}",
         "Set `{E}_PASSWORD` before {a} is called; see :ref:`{s}`."]
SHELL = ["{a}=${{{E}:-{s}}}", "if [ -z \"${a}\" ]; then", "\techo \"{m}\" >&2", "fi", "export {E}_TOKEN", "# {m}",
         "aws {s} {a} --{b} \"${c}\" --query '{D}.{C}'", "curl -fsS -H \"X-Token: $TOKEN\" \"https://{s}.example.com/{a}\"", ""]


class Text:
    """Words and lines, drawn from one generator."""

    def __init__(self, random):
        self.random = random
        self.names = [self._join("_", 1 + int(random.expovariate(0.9))) for _ in range(15000)]
        self.sentences = [self._join(" ", 3 + int(random.expovariate(0.25))).capitalize() for _ in range(15000)]
        self.services = list(SERVICES)

    def _join(self, glue, n):
        return glue.join(self.word() for _ in range(min(n, 14)))

    def word(self):
        return WORDS[int(self.random.random() ** 1.6 * len(WORDS))]

    def name(self):
        # few names stand everywhere, most in few places
        return self.names[int(self.random.random() ** 1.7 * len(self.names))]

    def message(self):
        r = self.random
        head = f"{self.services[int(r.random() * len(self.services))]}: {self.sentences[int(r.random() * 15000)]}"
        return head[:70] + "\n" + (f"\n{self.sentences[int(r.random() * 15000)]}.\n" if r.random() < 0.4 else "")

    def fill(self, forms, indent=("    ", "        ", "            ")):
        r = self.random.random
        a, b, c, d, e, s, t = (self.name() for _ in range(7))
        return (forms[int(r() * len(forms))].format(
            i=indent[int(r() * len(indent))], a=a, b=b, c=c, d=d, e=e, s=s.replace("_", "-"), t=t,
            C=camel(c), D=camel(d), E=e.upper(), n=int(r() * 400),
            m=self.sentences[int(r() * len(self.sentences))]) + "\n").encode()

    def line(self):
        return self.fill(PYTHON)

    def path(self, language):
        r = self.random
        service = self.services[int(r.random() ** 1.3 * len(self.services))]
        place = language.places[int(r.random() * len(language.places))]
        suffix = language.suffixes[int(r.random() * len(language.suffixes))]
        return place.format(service=service, name=self.name(), word=self.word()) + suffix


def camel(name):
    return "".join(w.capitalize() for w in name.split("_"))


def language(name, weight, size, places, suffixes, lines, head, opening):
    def block(text):
        n = 3 + int(text.random.expovariate(1 / 14))
        return [text.fill([opening])] + [text.fill(lines) for _ in range(n)]
    return Language(name, weight, size, places, suffixes,
                    lambda text: [h.encode() + b"\n" for h in head] + block(text),
                    block, lambda text: text.fill(lines))


LANGUAGES = [
    language("python", 50, 10.4, ["lib/{service}/models", "lib/{service}/responses", "lib/{service}/{name}",
                                  "tests/test_{service}/test_{name}", "lib/core/{name}"], [".py"], PYTHON,
             ["import json", "import os", "import re", "", "from lib.core import BaseBackend, BaseModel", ""],
             "    def {a}(self, {b}, {c}=None):"),
    language("script", 12, 9.8, ["frontend/src/{service}/{name}", "frontend/src/components/{name}"],
             [".ts", ".js", ".tsx"], SCRIPT, ["'use strict';", ""], "async function {a}({b}, {c}) {{"),
    language("go", 9, 9.8, ["agent/{service}/{name}", "agent/internal/{word}/{name}"], [".go"], GO,
             ["package main", "", 'import "fmt"', ""], "func (c *{C}) {D}(ctx context.Context) error {{"),
    language("java", 7, 9.5, ["sdk/src/main/java/com/example/{service}/{name}"], [".java"], JAVA,
             ["package com.example;", ""], "    public void {a}({C} {b}) throws {D}Exception {{"),
    language("yaml", 6, 8.0, ["deploy/{service}/{name}", ".github/workflows/{word}"], [".yml", ".yaml"], YAML,
             ["AWSTemplateFormatVersion: '2010-09-09'", "Resources:"], "  {C}:"),
    language("json", 5, 10.4, ["lib/{service}/resources/{name}", "tests/data/{name}"], [".json"], JSON, ["{"],
             '    "{C}": {{'),
    language("prose", 6, 8.8, ["docs/{service}/{name}", "docs/{name}"], [".md", ".rst"], PROSE, ["# Manual", ""],
             "### {m}"),
    language("shell", 4, 7.6, ["scripts/{word}-{service}", "scripts/{name}"], [".sh"], SHELL,
             ["#!/bin/sh", "set -eu"], "{a}() {{"),
]


def letters(random, alphabet, n):
    return "".join(alphabet[int(random.random() * len(alphabet))] for _ in range(n))


def base62(n, width):
    out = ""
    while n:
        n, digit = divmod(n, 62)
        out = BASE62[digit] + out
    return out.rjust(width, "0")


def planted(kind, random):
    """(the value, lines that hold it). The prefixes are put together here, so that
    this file holds nothing that looks like a secret."""
    key = letters(random, BASE62 + "+/", 40)
    if kind == "aws-id":
        value = "AK" + "IA" + letters(random, BASE32, 16)
        return value, f'aws_access_key_id = "{value}"\naws_secret_access_key = "{key}"\n'.encode()
    if kind == "aws-secret":
        return key, f'AWS_SECRET_ACCESS_KEY = "{key}"\n'.encode()
    if kind == "github":
        body = letters(random, BASE62, 30)
        value = "gh" + "p_" + body + base62(zlib.crc32(body.encode()), 6)
        return value, f'GITHUB_TOKEN = "{value}"\n'.encode()
    if kind == "private-key":
        text = base64.encodebytes(random.randbytes(1190)).decode()
        return text.split("\n", 1)[0], f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{text}-----END RSA {'PRIVATE'} KEY-----\n".encode()
    if kind == "slack":
        value = "xo" + "xb-" + letters(random, "123456789", 12) + "-" + letters(random, "123456789", 12) \
            + "-" + letters(random, BASE62, 24)
        return value, f'SLACK_TOKEN = "{value}"\n'.encode()
    if kind == "gitlab":
        value = "gl" + "pat-" + letters(random, BASE62, 20)
        return value, f'GITLAB_TOKEN = "{value}"\n'.encode()
    return key, f"AWS_ACCESS_KEY_ID=AK{'IA'}{letters(random, BASE32, 16)}\nAWS_SECRET_ACCESS_KEY={key}\n".encode()
