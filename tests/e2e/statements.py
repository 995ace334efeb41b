"""statements.py IMAGE: takes each granted statement away in turn, and sees that it was needed.

For each: the call that needs it fails and names a grant, `codetrain grant plan` shows exactly that
statement as missing, `codetrain grant apply` mends it, and the call goes through. Prints TAP lines.
"""
import json
import os
import subprocess
import sys

import botocore.session

IMAGE, ACCOUNTS = sys.argv[1:3]
PROFILES = {"devops": "mlops-devops", "beta": "mlops-beta", "production": "mlops-production"}
POLICY = "codetrain"
serial = 0


def client(account, service):
    return botocore.session.Session(profile=PROFILES[account]).create_client(service, region_name="us-east-2")


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def submit(*more):
    global serial
    serial += 1
    return run("codetrain", "submit", "training-job.json", "--secret", "mlops/beta", "--image", IMAGE, "--base-name", "s",
               "--hyperparameter", f"serial={serial}", "--json", *more)


def promote(profile):
    global serial
    serial += 1
    return run("codetrain", "promote", "--job-file", "job.json", "--to", profile, "--model-name", f"m{serial}")


def role(account, name="SageMakerExecutionRole"):
    """How to read and write the inline policy of a role."""
    iam = client(account, "iam")
    return (lambda: iam.get_role_policy(RoleName=name, PolicyName=POLICY)["PolicyDocument"],
            lambda d: iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=json.dumps(d)))


def trust(account, name="SageMakerExecutionRole"):
    iam = client(account, "iam")
    return (lambda: iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"],
            lambda d: iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(d)))


def repository():
    ecr = client("devops", "ecr")
    return (lambda: json.loads(ecr.get_repository_policy(repositoryName="scikit-learn-iris")["policyText"]),
            lambda d: ecr.set_repository_policy(repositoryName="scikit-learn-iris", policyText=json.dumps(d)))


def bucket():
    s3, name = client("beta", "s3"), "mlops-beta-222222222222"
    return (lambda: json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]),
            lambda d: s3.put_bucket_policy(Bucket=name, Policy=json.dumps(d)))


def to(profile):
    return lambda: promote(profile)


def wait():
    return submit("--wait", "--no-logs")


# the document, the statement, the call that needs it, its exit code without it
ROWS = [
    (trust("beta"), "CodetrainSageMaker", submit, 6),
    (role("beta"), "CodetrainPull", submit, 6),
    (role("beta"), "CodetrainPullToken", submit, 6),
    (role("beta"), "CodetrainListInput", submit, 6),
    (role("beta"), "CodetrainReadInput", wait, 1),
    (role("beta"), "CodetrainWriteOutput", wait, 1),
    (repository(), "CodetrainPull222222222222", submit, 6),
    (repository(), "CodetrainPull333333333333", to("mlops-production"), 6),
    (bucket(), "CodetrainRead111111111111", to("mlops-devops"), 6),
    (bucket(), "CodetrainRead333333333333", to("mlops-production"), 6),
    (trust("devops"), "CodetrainSageMaker", to("mlops-devops"), 6),
    (role("devops"), "CodetrainReadArtefact", to("mlops-devops"), 6),
    (role("devops"), "CodetrainPullToken", to("mlops-devops"), 6),
    (trust("production"), "CodetrainSageMaker", to("mlops-production"), 6),
    (role("production"), "CodetrainReadArtefact", to("mlops-production"), 6),
    (role("production"), "CodetrainPull", to("mlops-production"), 6),
    (role("production"), "CodetrainPullToken", to("mlops-production"), 6),
]


def grant(verb):
    code, out, err = run("codetrain", "grant", verb, "-f", ACCOUNTS, "--json")
    assert code == 0, err
    return [s["sid"] for d in json.loads(out)["documents"] for s in d["statements"] if s["change"] != "same"]


def missing(number, name, condition, detail):
    print(f"{'ok' if condition else 'not ok'} {number} - {name}")
    if not condition:
        print("# " + str(detail).replace("\n", "\n# "))
    return not condition


def main():
    failed = 0
    code, out, err = wait()
    failed += missing(1, "with every grant a job Completes", code == 0, err)
    with open("job.json", "w", encoding="utf-8") as f:
        f.write(out)
    for n, ((read, write), sid, call, want) in enumerate(ROWS, start=2):
        document = read()
        statements = document["Statement"]
        document["Statement"] = [s for s in statements if s["Sid"] != sid] or [
            {"Sid": "Nothing", "Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]
        write(document)
        code, _, err = call()
        named = "grant that is missing" in err and "codetrain grant apply" in err
        planned = grant("plan")
        mended = grant("apply")
        again = grant("plan")
        after, _, later = call() if want == 6 else (0, "", "")
        failed += missing(n, f"without {sid} it fails, plan names it, apply mends it",
                          (code, named, planned, mended, again, after) == (want, True, [sid], [sid], [], 0),
                          [code, err, planned, mended, again, after, later])
    print(f"1..{len(ROWS) + 1}")
    return bool(failed)


os.environ.pop("AWS_PROFILE", None)
os.environ["AWS_PROFILE"] = PROFILES["devops"]
sys.exit(main())
