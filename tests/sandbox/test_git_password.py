"""CodeCommit's password, in our own Python: against vectors of the AWS CLI's helper, and all that must not pass."""

from __future__ import annotations

import unittest
from datetime import datetime, timedelta, timezone

import support  # noqa: F401
from localaws import git_password

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AT = "20150830T123600"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=timezone.utc)
VECTORS = [
    ("git-codecommit.us-east-1.amazonaws.com", "us-east-1", "/v1/repos/MyDemoRepo",
     "088fec8c788f892e6cb940f22a736b224a5a5de18925fa5f02413a1bb215c389"),
    ("git-codecommit-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "/v1/repos/a.b-c_d",
     "c2d54e47844c67eab29935e8f2dec8dc613a5ac8649d47156e0e24e203b2dbca"),
    ("git-codecommit.cn-north-1.amazonaws.com.cn", "cn-north-1", "/v1/repos/x",
     "335b30d514b7154cec201acf281ff712fffb1952eda0a3b0a1746682eb6fdb23"),
    ("vpce-0b47-jkl-us-east-1a.git-codecommit.us-east-1.vpce.amazonaws.com", "us-east-1", "/v1/repos/x",
     "60d2d8fe8e65bb24294ab0f2c22cafa3020862d33197c579c43960b58162852a")]
HOST, REGION, PATH, GOOD = VECTORS[0]


class Password(unittest.TestCase):
    def check(self, username: str = "AKIDEXAMPLE", password: str = AT + "Z" + GOOD, *, path: str = PATH, host: str = HOST,
              region: str = REGION, now: datetime = NOW, token: str | None = None, expires: str | None = None) -> bool:
        keys = {"AKIDEXAMPLE": {"secret": SECRET, "token": token, "expires": expires}}
        return git_password.check(keys, username, password, region, host, path, now) is not None

    def test_vectors(self) -> None:
        for host, region, path, signature in VECTORS:
            self.assertEqual(git_password.sign(SECRET, AT, region, host, path), signature)

    def test_good(self) -> None:
        self.assertTrue(self.check())
        for minutes in (-15, 15):
            self.assertTrue(self.check(now=NOW + timedelta(minutes=minutes)))

    def test_bad(self) -> None:
        later = NOW + timedelta(minutes=15, seconds=1)
        for what, bad in {"another key": {"username": "AKIDOTHER"}, "another path": {"path": PATH + "x"},
                          "another host": {"host": "x" + HOST}, "another region": {"region": "us-east-2"},
                          "too late": {"now": later}, "too early": {"now": NOW - timedelta(minutes=16)},
                          "a changed digit": {"password": AT + "Z" + "1" + GOOD[1:]}, "no Z": {"password": AT + GOOD},
                          "upper case": {"password": AT + "Z" + GOOD.upper()}, "nothing": {"password": ""},
                          "another time": {"password": "20150830T123601Z" + GOOD},
                          "no time at all": {"password": "20159930T123601Z" + GOOD},
                          "a token that is not its own": {"username": "AKIDEXAMPLE%token"}}.items():
            with self.subTest(what):
                self.assertFalse(self.check(**bad))

    def test_session_token(self) -> None:
        self.assertTrue(self.check("AKIDEXAMPLE%a%b/+=", token="a%b/+="))
        self.assertFalse(self.check("AKIDEXAMPLE", token="a%b/+="))
        self.assertFalse(self.check("AKIDEXAMPLE%other", token="a%b/+="))
        self.assertFalse(self.check("AKIDEXAMPLE%t", token="t", expires=NOW.isoformat()))
