"""The policy evaluator: a pure function, so tables. For each case that allows, one that must not."""

from __future__ import annotations

import unittest

from support import allow
from localaws import policy
from localaws.policy import Decision, Naming, Question

USER = "arn:aws:iam::111111111111:user/u"
ROLE = "arn:aws:iam::111111111111:role/r"
SESSION = "arn:aws:sts::111111111111:assumed-role/r/s"
DENY = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}


def ask(action: str, resource: str = "arn:aws:s3:::b/k", **context: str) -> Question:
    named = {key.replace("__", ":"): value for key, value in context.items()}
    return Question(action, resource, "111111111111", (SESSION, ROLE), False, named)


def when(operator: str, key: str, value: object) -> dict[str, object]:
    return allow("s3:GetObject", Condition={operator: {key: value}})


IDENTITY = [
    # what, statements, question, decision
    ("the action", [allow("s3:GetObject")], ask("s3:GetObject"), Decision.ALLOW),
    ("another action", [allow("s3:GetObject")], ask("s3:PutObject"), Decision.NONE),
    ("actions ignore case", [allow("S3:getobject")], ask("s3:GetObject"), Decision.ALLOW),
    ("a star in the action", [allow("s3:Get*")], ask("s3:GetObject"), Decision.ALLOW),
    ("a star is no regular expression", [allow("s3:G.tObject")], ask("s3:GetObject"), Decision.NONE),
    ("one character", [allow("s3:GetObjec?")], ask("s3:GetObject"), Decision.ALLOW),
    ("a star crosses slashes", [allow("s3:GetObject", "arn:aws:s3:::b/*")], ask("s3:GetObject", "arn:aws:s3:::b/x/y"),
     Decision.ALLOW),
    ("another bucket", [allow("s3:GetObject", "arn:aws:s3:::b/*")], ask("s3:GetObject", "arn:aws:s3:::bb/x"), Decision.NONE),
    ("resources mind case", [allow("s3:GetObject", "arn:aws:s3:::B/*")], ask("s3:GetObject"), Decision.NONE),
    ("deny wins", [allow("s3:*"), DENY], ask("s3:DeleteObject"), Decision.DENY),
    ("deny wins from the front", [DENY, allow("s3:*")], ask("s3:DeleteObject"), Decision.DENY),
    ("deny of something else", [DENY, allow("s3:*")], ask("s3:GetObject"), Decision.ALLOW),
    ("NotAction", [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], ask("s3:GetObject"), Decision.ALLOW),
    ("NotAction excludes", [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], ask("s3:GetObject"), Decision.NONE),
    ("NotResource", [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x/*"}], ask("s3:GetObject"),
     Decision.ALLOW),
    ("NotResource excludes", [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}], ask("s3:GetObject"),
     Decision.NONE),
    ("no statement", [], ask("s3:GetObject"), Decision.NONE),
    ("StringEquals", [when("StringEquals", "s3:prefix", "a/")], ask("s3:GetObject", s3__prefix="a/"), Decision.ALLOW),
    ("StringEquals, another", [when("StringEquals", "s3:prefix", "a/")], ask("s3:GetObject", s3__prefix="b/"), Decision.NONE),
    ("StringEquals, a list", [when("StringEquals", "s3:prefix", ["a/", "b/"])], ask("s3:GetObject", s3__prefix="b/"),
     Decision.ALLOW),
    ("StringEquals, no key", [when("StringEquals", "s3:prefix", "a/")], ask("s3:GetObject"), Decision.NONE),
    ("IfExists, no key", [when("StringEqualsIfExists", "s3:prefix", "a/")], ask("s3:GetObject"), Decision.ALLOW),
    ("keys ignore case", [when("StringEquals", "S3:Prefix", "a/")], ask("s3:GetObject", s3__prefix="a/"), Decision.ALLOW),
    ("StringLike", [when("StringLike", "s3:prefix", "a/*")], ask("s3:GetObject", s3__prefix="a/b"), Decision.ALLOW),
    ("StringLike, another", [when("StringLike", "s3:prefix", "a/*")], ask("s3:GetObject", s3__prefix="b/a/"), Decision.NONE),
    ("StringNotEquals", [when("StringNotEquals", "s3:prefix", "a/")], ask("s3:GetObject", s3__prefix="b/"), Decision.ALLOW),
    ("StringNotEquals, no key", [when("StringNotEquals", "s3:prefix", "a/")], ask("s3:GetObject"), Decision.ALLOW),
    ("StringNotEquals, equal", [when("StringNotEquals", "s3:prefix", "a/")], ask("s3:GetObject", s3__prefix="a/"),
     Decision.NONE),
    ("ArnLike", [when("ArnLike", "aws:SourceArn", "arn:aws:s3:::b*")], ask("s3:GetObject", aws__SourceArn="arn:aws:s3:::bc"),
     Decision.ALLOW),
    ("ArnLike, another", [when("ArnLike", "aws:SourceArn", "arn:aws:s3:::b*")],
     ask("s3:GetObject", aws__SourceArn="arn:aws:s3:::cb"), Decision.NONE),
    ("Bool", [when("Bool", "aws:SecureTransport", True)], ask("s3:GetObject", aws__SecureTransport="true"), Decision.ALLOW),
    ("Bool, not", [when("Bool", "aws:SecureTransport", True)], ask("s3:GetObject", aws__SecureTransport="false"),
     Decision.NONE),
    ("Null", [when("Null", "aws:TokenIssueTime", "true")], ask("s3:GetObject"), Decision.ALLOW),
    ("Null, not", [when("Null", "aws:TokenIssueTime", "false")], ask("s3:GetObject"), Decision.NONE),
    ("numbers", [when("NumericLessThan", "s3:max-keys", "10")], ask("s3:GetObject", **{"s3:max-keys": "9"}), Decision.ALLOW),
    ("numbers, more", [when("NumericLessThan", "s3:max-keys", "10")], ask("s3:GetObject", **{"s3:max-keys": "11"}),
     Decision.NONE),
    ("no number", [when("NumericLessThan", "s3:max-keys", "10")], ask("s3:GetObject", **{"s3:max-keys": "x"}), Decision.NONE),
    ("an address", [when("IpAddress", "aws:SourceIp", "10.0.0.0/8")], ask("s3:GetObject", aws__SourceIp="10.1.2.3"),
     Decision.ALLOW),
    ("another address", [when("IpAddress", "aws:SourceIp", "10.0.0.0/8")], ask("s3:GetObject", aws__SourceIp="11.1.2.3"),
     Decision.NONE),
    ("an unknown operator never matches", [when("StringSoundsLike", "s3:prefix", "a")], ask("s3:GetObject", s3__prefix="a"),
     Decision.NONE),
    ("all conditions must hold", [allow("s3:GetObject", Condition={"StringEquals": {"a:x": "1", "a:y": "2"}})],
     ask("s3:GetObject", a__x="1"), Decision.NONE),
    ("a variable", [allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}")],
     ask("s3:GetObject", "arn:aws:s3:::b/u", aws__username="u"), Decision.ALLOW),
    ("a variable without value", [allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}")],
     ask("s3:GetObject", "arn:aws:s3:::b/"), Decision.NONE),
    ("a value with a star is not a pattern's star", [allow("s3:GetObject", "arn:aws:s3:::b/${*}")],
     ask("s3:GetObject", "arn:aws:s3:::b/x"), Decision.NONE),
]


def names(principal: object, effect: str = "Allow", **more: object) -> dict[str, object]:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more}


SERVICE = Question("sts:AssumeRole", "*", "", ("sagemaker.amazonaws.com",), True)
RESOURCE = [
    ("the role by its ARN", names({"AWS": ROLE}), ask("sts:AssumeRole"), Decision.ALLOW, Naming.DIRECT),
    ("the session by its ARN", names({"AWS": SESSION}), ask("sts:AssumeRole"), Decision.ALLOW, Naming.DIRECT),
    ("another role", names({"AWS": ROLE + "x"}), ask("sts:AssumeRole"), Decision.NONE, Naming.NOT),
    ("its account's root", names({"AWS": "arn:aws:iam::111111111111:root"}), ask("sts:AssumeRole"), Decision.ALLOW,
     Naming.ACCOUNT),
    ("its account's number", names({"AWS": ["111111111111"]}), ask("sts:AssumeRole"), Decision.ALLOW, Naming.ACCOUNT),
    ("another account", names({"AWS": "arn:aws:iam::222222222222:root"}), ask("sts:AssumeRole"), Decision.NONE, Naming.NOT),
    ("everybody", names("*"), ask("sts:AssumeRole"), Decision.ALLOW, Naming.DIRECT),
    ("everybody, the other way", names({"AWS": "*"}), ask("sts:AssumeRole"), Decision.ALLOW, Naming.DIRECT),
    ("a service is not a user", names({"Service": "sagemaker.amazonaws.com"}), ask("sts:AssumeRole"), Decision.NONE,
     Naming.NOT),
    ("the service", names({"Service": ["sagemaker.amazonaws.com"]}), SERVICE, Decision.ALLOW, Naming.DIRECT),
    ("another service", names({"Service": "codebuild.amazonaws.com"}), SERVICE, Decision.NONE, Naming.NOT),
    ("a denied principal", names({"AWS": ROLE}, "Deny"), ask("sts:AssumeRole"), Decision.DENY, Naming.DIRECT),
    ("the external id", names({"AWS": ROLE}, Condition={"StringEquals": {"sts:ExternalId": "x"}}),
     ask("sts:AssumeRole", sts__ExternalId="x"), Decision.ALLOW, Naming.DIRECT),
    ("no external id", names({"AWS": ROLE}, Condition={"StringEquals": {"sts:ExternalId": "x"}}), ask("sts:AssumeRole"),
     Decision.NONE, Naming.NOT),
]


class Policy(unittest.TestCase):
    def test_identity(self) -> None:
        for what, statements, question, decision in IDENTITY:
            with self.subTest(what):
                self.assertIs(policy.identity([{"Statement": statements}], question), decision)

    def test_resource(self) -> None:
        for what, statement, question, decision, naming in RESOURCE:
            with self.subTest(what):
                self.assertEqual(policy.resource({"Statement": statement}, question), (decision, naming))

    def test_no_resource_policy(self) -> None:
        self.assertEqual(policy.resource(None, ask("s3:GetObject")), (Decision.NONE, Naming.NOT))
