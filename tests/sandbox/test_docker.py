"""The stand-in docker: what it understands of a Dockerfile, that its digests depend on content alone, and its registry."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from support import BETA, REGISTRY, REPOSITORY, Case, allow, shared
from localaws.dockerfile import Builder, Refused

NAME = f"{REGISTRY}/{REPOSITORY}"


class Dockerfile(Case):
    def setUp(self) -> None:
        self.context = Path(tempfile.mkdtemp(prefix="codetrain-docker-"))
        self.addCleanup(shutil.rmtree, self.context)
        (self.context / "src/deep").mkdir(parents=True)
        for name in ("train", "serve", "src/a.py", "src/deep/b.py", "src/c.pyc", ".env", "requirements.txt"):
            (self.context / name).write_text(f"{name}\n")
        (self.context / "requirements.txt").write_text("numpy==1 # why\n\n-r other\nscipy>=1; python_version > '3'\n")

    def build(self, text: str, **arguments: str):  # type: ignore[no-untyped-def]
        self.said: list[str] = []
        self.tree = self.context.with_name(self.context.name + "-tree")
        self.addCleanup(shutil.rmtree, self.tree, True)
        return Builder(self.context, self.tree, arguments, self.said.append).build(text)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.tree)) for path in self.tree.rglob("*") if path.is_file())

    def test_all_that_is_understood(self) -> None:
        image = self.build('''# a comment
ARG VERSION=3.1
FROM python:${VERSION} AS base
ENV A=1 \\
    B="two words" PATH="/opt/program:${PATH}"
ENV OLD style value
WORKDIR /opt
WORKDIR program
COPY train serve ./
COPY --chmod=755 src/ ./src/
ADD ["requirements.txt", "/opt/program/"]
RUN pip install --no-cache-dir -r requirements.txt joblib && apt-get update ; chmod +x train
RUN ["python3", "-m", "pip", "install", "--only-binary", ":all:", "flask==3"]
EXPOSE 8080
LABEL who="me"
ENTRYPOINT ["python"]
CMD serve --now
''')
        self.assertEqual(image.base, "python:3.1")
        self.assertEqual((image.env["A"], image.env["B"], image.env["OLD"]), ("1", "two words", "style value"))
        self.assertTrue(image.env["PATH"].startswith("/opt/program:/usr/local/sbin:"))
        self.assertEqual((image.workdir, image.entrypoint), ("/opt/program", ["python"]))
        self.assertEqual(image.cmd, ["/bin/sh", "-c", "serve --now"])
        self.assertEqual(image.packages, ["numpy==1", "scipy>=1; python_version > '3'", "joblib", "flask==3"])
        self.assertEqual(image.not_run, ["RUN apt-get update", "EXPOSE 8080"])
        self.assertEqual(self.files(), [f"opt/program/{name}" for name in ("requirements.txt", "serve", "src/a.py", "src/c.pyc",
                                                                           "src/deep/b.py", "train")])
        self.assertTrue(os.access(self.tree / "opt/program/train", os.X_OK))
        self.assertFalse(os.access(self.tree / "opt/program/serve", os.X_OK))

    def test_dockerignore(self) -> None:
        (self.context / ".dockerignore").write_text("*.txt\n**/*.pyc\n.env\nsrc/deep\n!requirements.txt\n")
        (self.context / ".git").mkdir()
        (self.context / ".git/config").write_text("x")
        self.build("FROM x\nCOPY . /app/\n")
        self.assertEqual(self.files(), ["app/.dockerignore", "app/requirements.txt", "app/serve", "app/src/a.py", "app/train"])

    def test_refused(self) -> None:
        (self.context / "link").symlink_to("/etc/passwd")
        for text, words in (("FROM x\nCOPY nothing /a\n", 'line 2: failed to compute cache key: "/nothing": not found'),
                            ("FROM x\nCOPY ../x /a\n", "outside of the build context"), ("FROM x\nCOPY link /a\n", "leaves the"),
                            ("COPY a b\n", "line 1: no build stage"), ("FROM x\nCOPY train /usr/bin/\n", "comes from this machine"),
                            ("FROM x\nCOPY --from=y a b\n", "real Docker"), ("FROM x\nADD https://x/y /z\n", "real Docker"),
                            ("FROM x\nfrobnicate-it\n", "unknown instruction"), ("# nothing\n", "no FROM"),
                            ("FROM x\nRUN pip install -r nothing.txt\n", "no such file"), ("FROM x\nRUN pip install .\n", "named packages")):
            with self.subTest(words), self.assertRaisesRegex(Refused, words):
                self.build(text)


class Docker(Case):
    def setUp(self) -> None:
        self.world = shared()
        self.context = Path(tempfile.mkdtemp(dir=self.world.folder))
        (self.context / "Dockerfile").write_text("FROM scratch\nCOPY train /opt/program/\n")
        (self.context / "train").write_text("#!/bin/sh\n")

    def digest(self, name: str) -> str:
        return json.loads(self.world.docker("image", "inspect", name).stdout)[0]["Id"]

    def test_the_first_line_says_what_it_is(self) -> None:
        out = self.world.docker("build", "-t", "said:1", str(self.context)).stdout
        self.assertIn("stand-in", out.splitlines()[0])
        self.assertIn("contexts, not layers", out.splitlines()[0])
        self.assertIn("stand-in", self.world.docker("--version").stdout)

    def test_the_digest_is_of_the_content(self) -> None:
        self.world.docker("build", "-t", "content:1", str(self.context))
        first = self.digest("content:1")
        os.utime(self.context / "train", (1, 1))
        other = self.context.with_name("copied")
        shutil.copytree(self.context, other)
        self.world.docker("build", "-t", "content:2", str(other))
        self.assertEqual(self.digest("content:2"), first)
        (other / "train").chmod(0o755)
        self.world.docker("build", "-t", "content:2", str(other))
        self.assertNotEqual(self.digest("content:2"), first)

    def test_push(self) -> None:
        name = f"{NAME}:pushed"
        self.world.docker("build", "-t", name, str(self.context))
        shutil.rmtree(self.world.folder / "docker", ignore_errors=True)
        refused = self.world.docker("push", name, check=False)
        self.assertEqual((refused.returncode, refused.stderr), (1, "no basic auth credentials\n"))
        self.world.login()
        out = self.world.docker("push", name).stdout
        digest = self.digest(name)
        self.assertIn(f"pushed: digest: {digest}", out)
        ecr = self.world.client("ecr")
        found = ecr.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": "pushed"}])["imageDetails"][0]
        self.assertEqual(found["imageDigest"], digest)
        image = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "pushed"}])["images"][0]
        self.assertEqual(image["imageId"]["imageDigest"], digest)
        self.assertIn("Layer already exists", self.world.docker("push", name).stdout)
        self.world.docker("tag", name, f"{NAME}:second-tag")
        self.world.docker("push", f"{NAME}:second-tag")
        tags = ecr.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}])["imageDetails"][0]["imageTags"]
        self.assertEqual(sorted(tags), ["pushed", "second-tag"])

    def test_who_may_push(self) -> None:
        name = f"{NAME}:denied"
        self.world.docker("build", "-t", name, str(self.context))
        self.world.login(self.world.user(BETA, "pushes", allow("*")))
        refused = self.world.docker("push", name, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("denied: User: arn:aws:iam::222222222222:user/pushes is not authorized to perform: ecr:", refused.stderr)
        self.world.login()
        missing = f"{REGISTRY}/nothing:1"
        self.world.docker("tag", name, missing)
        self.assertIn("The repository with name 'nothing' does not exist in the registry with id '111111111111'",
                      self.world.docker("push", missing, check=False).stderr)

    def test_mistakes(self) -> None:
        self.assertIn("No such image", self.world.docker("push", f"{NAME}:never", check=False).stderr)
        bad = self.world.docker("login", "--username", "AWS", "--password-stdin", REGISTRY, check=False, input="nonsense")
        self.assertEqual((bad.returncode, "401" in bad.stderr), (1, True))
        broken = self.world.docker("build", "-t", "x", str(self.context / "nothing"), check=False)
        self.assertEqual((broken.returncode, "not found" in broken.stderr), (1, True))
