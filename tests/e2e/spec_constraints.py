"""Every constraint of the service model's CreateTrainingJob and CreateModel, violated one at a time.

    spec_constraints.py TOOLS write FOLDER     requests, and expected.json with what must be found
    spec_constraints.py TOOLS judge FOLDER REPORT...

The model is botocore's. Requests that have every member are built from it; a
violation is one of them with one value changed, and its twin has the nearest
value that is allowed. Places in the files are those of this script's own writer.
"""
import copy
import functools
import gzip
import json
import string
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import automaton  # noqa: E402
from automaton_test import to_python  # noqa: E402

MODEL_RULES = {"required", "unknown", "type", "min", "max", "pattern", "enum"}
OMIT = object()
MARK = "the value that is looked for"
OPERATIONS = {"CreateTrainingJob": "training-job.json", "CreateModel": "model.json"}
INT_MAX, LONG_MAX = 2 ** 31 - 1, 2 ** 53

# Only in answers; the rule read-only-member refuses them.
NOT_SENT = {"/ResourceConfig/SelectedInstanceType", "/ResourceConfig/SelectedInstanceCount"}
# Patterns that every text matches: nothing to violate.
MATCHES_ALL = {r"[\S\s]*"}

# What rules across members need. A path has * for the number of a list's element.
IMAGE = "111111111111.dkr.ecr.us-east-2.amazonaws.com/iris:1"
COMMON = {
    "/AlgorithmSpecification/TrainingImage": IMAGE,
    "/RoleArn": "arn:aws:iam::222222222222:role/R",
    "/OutputDataConfig/S3OutputPath": "s3://bucket/output/",
    "/CheckpointConfig/S3Uri": "s3://bucket/checkpoints/",
    "/StoppingCondition/MaxRuntimeInSeconds": 60,
    "/StoppingCondition/MaxWaitTimeInSeconds": 60,
    "/EnableManagedSpotTraining": True,
    "/EnableNetworkIsolation": False,
    "/AlgorithmSpecification/TrainingImageConfig/TrainingRepositoryAccessMode": "Vpc",
    "/AlgorithmSpecification/MetricDefinitions/*/Regex": "a=(.*)",
    "/AlgorithmSpecification/TrainingInputMode": "Pipe",
    "/InputDataConfig/*/InputMode": "Pipe",
    "/ResourceConfig/InstanceType": "ml.m5.large",
    "/ResourceConfig/InstanceCount": 1,
    "/ResourceConfig/VolumeSizeInGB": 30,
    "/ResourceConfig/KeepAlivePeriodInSeconds": 0,
    "/ResourceConfig/SelectedInstanceType": OMIT,
    "/ResourceConfig/SelectedInstanceCount": OMIT,
    "/ProfilerConfig/ProfilingIntervalInMilliseconds": 500,
    "/ServerlessJobConfig/SequenceLength": "32K",
    "/ResourceConfig/InstanceGroups/*/InstanceCount": 1,
    "/ResourceConfig/InstancePlacementConfig/PlacementSpecifications/*/InstanceCount": 1,
    "/ExecutionRoleArn": "arn:aws:iam::222222222222:role/R",
}
for container in ("/PrimaryContainer", "/Containers/*"):
    COMMON[container + "/Mode"] = "SingleModel"
    COMMON[container + "/ContainerMetricsConfig/MetricsEndpoints/*/MetricPublishFrequencyInSeconds"] = 60
    for source in ("/ModelDataSource/S3DataSource", "/AdditionalModelDataSources/*/S3DataSource"):
        COMMON[container + source + "/S3Uri"] = "s3://bucket/model/"
CHANNEL = "/InputDataConfig/*/DataSource/"
CONTAINER = {
    "/PrimaryContainer": OMIT,
    "/Containers/*/ImageConfig/RepositoryAccessMode": "Vpc",
    "/Containers/*/ModelDataUrl": OMIT,
    "/InferenceExecutionConfig/Mode": "Direct",
}
PRIMARY = {
    "/Containers": OMIT,
    "/PrimaryContainer/ImageConfig/RepositoryAccessMode": "Vpc",
    "/PrimaryContainer/Mode": "SingleModel",
    "/PrimaryContainer/ModelDataUrl": "s3://bucket/model.tar.gz",
    "/InferenceExecutionConfig/Mode": "Serial",
}
VARIANTS = [
    ("CreateTrainingJob", {
        "/AlgorithmSpecification/AlgorithmName": OMIT, "/ResourceConfig/InstanceGroups": OMIT,
        "/ResourceConfig/InstancePreferences": OMIT, CHANNEL + "FileSystemDataSource": OMIT,
        CHANNEL + "DatasetSource": OMIT, CHANNEL + "S3DataSource/InstanceGroupNames": OMIT}),
    ("CreateTrainingJob", {
        "/AlgorithmSpecification/TrainingImage": OMIT,
        "/AlgorithmSpecification/TrainingImageConfig": OMIT,
        "/ResourceConfig/InstanceType": OMIT, "/ResourceConfig/InstanceCount": OMIT,
        "/ResourceConfig/InstancePreferences": OMIT, "/ResourceConfig/KeepAlivePeriodInSeconds": OMIT,
        "/ResourceConfig/InstanceGroups/*/InstanceGroupName": "g",
        CHANNEL + "S3DataSource/InstanceGroupNames/*": "g",
        CHANNEL + "FileSystemDataSource": OMIT, CHANNEL + "DatasetSource": OMIT}),
    ("CreateTrainingJob", {
        "/AlgorithmSpecification/AlgorithmName": OMIT, "/ResourceConfig/InstanceGroups": OMIT,
        "/ResourceConfig/InstanceType": OMIT, "/ResourceConfig/InstanceCount": OMIT,
        "/ResourceConfig/InstancePlacementConfig": OMIT, "/ResourceConfig/TrainingPlanArn": OMIT,
        "/ResourceConfig/InstancePreferences/*/InstanceCount": 1,
        "/EnableManagedSpotTraining": OMIT, "/StoppingCondition/MaxWaitTimeInSeconds": OMIT,
        CHANNEL + "S3DataSource": OMIT, CHANNEL + "DatasetSource": OMIT}),
    ("CreateTrainingJob", {
        "/AlgorithmSpecification/AlgorithmName": OMIT, "/ResourceConfig/InstanceGroups": OMIT,
        "/ResourceConfig/InstancePreferences": OMIT, CHANNEL + "FileSystemDataSource": OMIT,
        CHANNEL + "S3DataSource": OMIT}),
    ("CreateModel", PRIMARY | {"/PrimaryContainer/ModelDataSource": OMIT}),
    ("CreateModel", PRIMARY | {"/PrimaryContainer/ModelDataUrl": OMIT}),
    ("CreateModel", CONTAINER),
    ("CreateModel", CONTAINER | {"/Containers/*/ModelDataSource": OMIT,
                                 "/Containers/*/ModelDataUrl": "s3://bucket/model.tar.gz"}),
]
MINIMAL = {
    "CreateTrainingJob": {"TrainingJobName", "RoleArn", "OutputDataConfig", "AlgorithmSpecification",
                          "ResourceConfig", "StoppingCondition"},
    "CreateModel": {"ModelName", "PrimaryContainer"},
}
METRICS = "/ContainerMetricsConfig/MetricsEndpoints/*/MetricPublishFrequencyInSeconds"
# What a broken value breaks across members as well.
ALSO = {
    "/AlgorithmSpecification/AlgorithmName": {"image-xor-algorithm"},
    "/AlgorithmSpecification/TrainingImage": {"image-xor-algorithm"},
    "/AlgorithmSpecification/TrainingImageConfig/TrainingRepositoryAccessMode": {"registry-needs-vpc"},
    "/Containers": {"containers-xor", "direct-needs-containers"},
    "/Containers/*": {"container-source"},
    "/Containers/*/ImageConfig/RepositoryAccessMode": {"registry-needs-vpc"},
    "/Containers/*/ModelDataUrl": {"artifact-suffix"},
    "/EnableManagedSpotTraining": {"wait-needs-spot"},
    CHANNEL + "DatasetSource": {"channel-one-source"},
    CHANNEL + "FileSystemDataSource": {"channel-one-source"},
    CHANNEL + "S3DataSource": {"channel-one-source"},
    CHANNEL + "S3DataSource/InstanceGroupNames/*": {"instance-group-known"},
    "/PrimaryContainer": {"containers-xor"},
    "/PrimaryContainer/ImageConfig/RepositoryAccessMode": {"registry-needs-vpc"},
    "/PrimaryContainer/ModelDataUrl": {"artifact-suffix"},
    "/PrimaryContainer/ModelDataSource/S3DataSource/S3Uri": {"model-prefix-slash"},
    "/PrimaryContainer/AdditionalModelDataSources/*/S3DataSource/S3Uri": {"model-prefix-slash"},
    "/Containers/*/ModelDataSource/S3DataSource/S3Uri": {"model-prefix-slash"},
    "/Containers/*/AdditionalModelDataSources/*/S3DataSource/S3Uri": {"model-prefix-slash"},
    "/Containers/*/Environment": {"environment-size"},
    "/ProfilerConfig/ProfilingIntervalInMilliseconds": {"profiling-interval"},
    "/ResourceConfig/InstanceCount": {"instance-count-missing"},
    "/ResourceConfig/InstanceGroups": {"instance-group-known"},
    "/ResourceConfig/InstanceGroups/*/InstanceCount": {"instance-group-count"},
    "/ResourceConfig/InstancePlacementConfig/PlacementSpecifications/*/InstanceCount": {"placement-count"},
    "/PrimaryContainer" + METRICS: {"metrics-frequency"},
    "/Containers/*" + METRICS: {"metrics-frequency"},
    "/ServerlessJobConfig/SequenceLength": {"sequence-length"},
    "/ResourceConfig/InstanceGroups/*": {"instance-group-known"},
    "/ResourceConfig/InstanceGroups/*/InstanceGroupName": {"instance-group-known"},
    "/ResourceConfig/InstancePreferences/*": {"instance-preference-counts"},
    "/ResourceConfig/InstancePreferences/*/InstanceCount": {"instance-preference-counts"},
    "/ResourceConfig/VolumeSizeInGB": {"volume-size-missing"},
    "/StoppingCondition": {"spot-needs-wait"},
    "/StoppingCondition/MaxRuntimeInSeconds": {"runtime-max", "wait-below-runtime"},
    "/StoppingCondition/MaxWaitTimeInSeconds": {"spot-needs-wait", "wait-below-runtime"},
    "/VpcConfig": {"registry-needs-vpc"},
}


def load():
    import botocore
    path = Path(botocore.__file__).parent / "data/sagemaker/2017-07-24/service-2.json.gz"
    with gzip.open(path) as file:
        return json.load(file)


class Machine:
    """The automaton of a pattern, walked by letters that people type."""

    def __init__(self, pattern, longest):
        machine = automaton.compile(pattern, longest)
        self.letters = {}
        for char in "a0Aé" + string.printable:
            self.letters.setdefault(machine.klass(ord(char)), []).append(char)
        self.ways = [[(k, to) for k, to in row.items() if k in self.letters] for row in machine.states]
        self.reach = [set(machine.accepting)]   # the states from which so many letters lead to the end

    def reaching(self, letters):
        while len(self.reach) <= letters and self.reach[-1] not in self.reach[-2:-1]:
            self.reach.append({s for s, ways in enumerate(self.ways)
                               if any(to in self.reach[-1] for _, to in ways)})
        return self.reach[min(letters, len(self.reach) - 1)]

    def walk(self, length, salt):
        if 0 not in self.reaching(length):
            return None
        state, out = 0, []
        for left in range(length - 1, -1, -1):
            klass, state = next((k, to) for k, to in self.ways[state] if to in self.reaching(left))
            choice = self.letters[klass]
            out.append(choice[salt % len(choice)] if left % 3 == salt % 3 else choice[0])
        return "".join(out)


@functools.lru_cache(maxsize=None)
def machine_of(pattern, longest):
    return Machine(pattern, longest)


class Strings:
    """Texts of a shape: which are allowed, and some of a wished length."""

    def __init__(self, shape):
        self.low, self.high = shape.get("min", 0), shape.get("max")
        self.enum, self.pattern = shape.get("enum"), shape.get("pattern")
        self.re = to_python(self.pattern) if self.pattern else None

    def faults(self, text):
        found = set()
        if len(text) < self.low:
            found.add("min")
        if self.high is not None and len(text) > self.high:
            found.add("max")
        if self.enum and text not in self.enum:
            found.add("enum")
        if self.re and not self.re.fullmatch(text):
            found.add("pattern")
        return found

    @functools.lru_cache(maxsize=None)
    def of_length(self, length, salt=0):
        """A text of this length that the pattern takes, or None."""
        if self.enum:
            return next((v for v in self.enum if len(v) == length), None)
        plain = "abcdefghij"[salt % 10] * length
        if not self.pattern or self.re.fullmatch(plain):
            return plain
        return machine_of(self.pattern, max(length, self.high or length)).walk(length, salt)

    def nearest(self, length, step, salt=0):
        """The allowed text whose length is nearest to a bound, from inside."""
        for n in range(length, length + 200 * step, step):
            text = self.of_length(n, salt) if n >= 0 else None
            if text is not None and not self.faults(text):
                return text
        raise SystemExit(f"no text of about {length} characters for {self.pattern}")

    @functools.lru_cache(maxsize=None)
    def sample(self, salt=0):
        if self.enum:
            return self.enum[salt % len(self.enum)]
        return self.nearest(max(self.low, 1), 1, salt)

    def mismatch(self):
        """A text of an allowed length that the pattern does not take, or None."""
        good = self.sample()
        for wrong in "\x01\n!? ":
            for text in (good[:-1] + wrong, wrong + good[1:], good + wrong, wrong * len(good)):
                if self.faults(text) == {"pattern"}:
                    return text
        return None


class Model:
    def __init__(self):
        self.model = load()
        self.shapes = self.model["shapes"]
        self.strings = {}

    def root(self, operation):
        return self.model["operations"][operation]["input"]["shape"]

    def text(self, name):
        if name not in self.strings:
            self.strings[name] = Strings(self.shapes[name])
        return self.strings[name]

    def build(self, name, path, values, only=None):
        """A value with all its members, or (only) those needed."""
        shape = self.shapes[name]
        kind = shape["type"]
        if path in values and values[path] is not OMIT:
            return values[path]
        if kind == "structure":
            out = {}
            for member, ref in shape["members"].items():
                below = f"{path}/{member}"
                needed = member in shape.get("required", []) or (only and member in only)
                if values.get(below) is OMIT or (only is not None and not needed):
                    continue
                out[member] = self.build(ref["shape"], below, values, only)
            return out
        if kind == "list":
            return [self.build(shape["member"]["shape"], path + "/*", values, only)]
        if kind == "map":
            return {self.text(shape["key"]["shape"]).sample():
                    self.build(shape["value"]["shape"], path + "/*", values, only)}
        if kind == "string":
            return self.text(name).sample()
        if kind in ("integer", "long"):
            return max(shape.get("min", 1), 1)
        if kind == "boolean":
            return True
        raise SystemExit(f"{name}: a shape of type {kind} is new to this test")

    def nodes(self, name, value, steps=(), path=""):
        """(shape's name, steps to the value, path with *), for every value of a request."""
        yield name, steps, path
        shape = self.shapes[name]
        if shape["type"] == "structure":
            for member, below in value.items():
                yield from self.nodes(shape["members"][member]["shape"], below, steps + (member,),
                                      f"{path}/{member}")
        elif shape["type"] == "list":
            yield from self.nodes(shape["member"]["shape"], value[0], steps + (0,), path + "/*")
        elif shape["type"] == "map":
            key = next(iter(value))
            yield from self.nodes(shape["value"]["shape"], value[key], steps + (key,), path + "/*")

    def paths(self, name, path=""):
        yield path
        shape = self.shapes[name]
        for member, ref in shape.get("members", {}).items():
            yield from self.paths(ref["shape"], f"{path}/{member}")
        for inner in ("member", "value"):
            if inner in shape:
                yield from self.paths(shape[inner]["shape"], path + "/*")

    def several(self, name, value, count):
        """So many elements like the one that is there, each with its own name."""
        shape = self.shapes[name]
        out = [copy.deepcopy(value[0]) for _ in range(count)]
        inner = self.shapes[shape["member"]["shape"]]
        for number, element in enumerate(out):
            if inner["type"] != "structure":
                continue
            for member in ("Name", "ChannelName", "InstanceGroupName", "RuleConfigurationName", "Key",
                           "ContainerHostname", "CollectionName"):
                if member in element and number:
                    element[member] = f"n{number}"
            if number and set(inner["members"]) >= {"InstanceType", "TrainingPlanArns"}:
                element["InstanceType"] = self.shapes["TrainingInstanceType"]["enum"][number]
        return out

    def entries(self, name, value, count):
        text = self.text(self.shapes[name]["key"]["shape"])
        (inner,) = value.values()
        keys = [f"k{number}" for number in range(count)]
        assert not any(text.faults(key) for key in keys)
        return dict.fromkeys(keys, inner)


def pointer(steps):
    return "".join("/" + str(s).replace("~", "~0").replace("/", "~1") for s in steps)


def value_at(request, steps):
    for step in steps:
        request = request[step]
    return request


def write_json(request, want, compact):
    """The text of a request, and where (line, column) the value at `want` begins."""
    def dump(value):
        return json.dumps(value, ensure_ascii=compact, separators=(", " if compact else ",\n  ", ": "))

    if want is None:
        return dump(request) + "\n", None
    before, after = dump(change(request, want, MARK)).split(f'"{MARK}"')
    place = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return before + dump(value_at(request, want)) + after + "\n", place


def change(request, steps, value):
    """A copy with the value at `steps` replaced, or (OMIT) left out; the rest is shared."""
    if not steps:
        return value
    out = copy.copy(request)
    if len(steps) == 1 and value is OMIT:
        del out[steps[0]]
    elif len(steps) == 1:
        out[steps[0]] = value
    else:
        out[steps[0]] = change(request[steps[0]], steps[1:], value)
    return out


def rename(request, steps, old, new):
    here = value_at(request, steps)
    return change(request, steps, {new if name == old else name: value for name, value in here.items()})


WRONG = {"structure": ["x", 7, True, None, []], "map": ["x", 7, True, None, []],
         "list": ["x", 7, True, None, {}], "string": [7, 1.5, True, None, [], {}],
         "integer": ["7", 1.5, 1e300, 2 ** 31, -2 ** 31 - 1, True, None, [], {}],
         "long": ["7", 1.5, 1e300, True, None, [], {}], "boolean": ["true", 1, 0, None, [], {}]}


def misspelt(name):
    return name[:-2] + name[-1] + name[-2] if name[-1] != name[-2] else name + "s"


class Cases:
    """What is written: violations with what must be found, and what must be accepted."""

    def __init__(self, folder):
        self.folder, self.cases = folder, {}

    def add(self, operation, kind, path, request, finding=None, say=(), maybe=()):
        number = len(self.cases)
        text, place = write_json(request, finding[1] if finding else None, number % 2)
        file = self.folder / f"{number:05d}" / OPERATIONS[operation]
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
        case = {"kind": kind, "path": path, "operation": operation, "also": []}
        if finding:
            assert place, (path, finding)
            case["finding"] = [finding[0], pointer(finding[1]), *place]
            case["also"] = sorted(ALSO.get(path, ()))
            case["say"], case["maybe"] = list(say), list(maybe)
        self.cases[str(file)] = case


class Violations:
    def __init__(self, model, cases, operation, request, values):
        self.model, self.cases, self.operation, self.request = model, cases, operation, request
        self.values = values   # what means something across members stays in the twins

    def good(self, kind, path, request):
        self.cases.add(self.operation, kind, path, request)

    def bad(self, kind, path, request, at, say=(), maybe=()):
        self.cases.add(self.operation, kind, path, request, (kind, at), say, maybe)

    def node(self, name, steps, path):
        shape = self.model.shapes[name]
        kind = shape["type"]
        for wrong in WRONG[kind]:
            self.bad("type", path, change(self.request, steps, wrong), steps)
        getattr(self, kind)(name, shape, steps, path)

    def structure(self, name, shape, steps, path):
        here = value_at(self.request, steps)
        for member in shape.get("required", []):
            self.bad("required", f"{path}/{member}", change(self.request, steps + (member,), OMIT), steps,
                     [f"the member {member} is missing"])
        for member in here:
            wrong = misspelt(member)
            if wrong in shape["members"]:
                continue
            added = change(self.request, steps + (wrong,), here[member])
            self.bad("unknown", path, added, steps + (wrong,), [f'"{wrong}"', member])
            break

    def list(self, name, shape, steps, path):
        value = value_at(self.request, steps)
        low, high = shape.get("min", 0), shape.get("max")
        if low > 0:
            self.bad("min", path, change(self.request, steps, self.model.several(name, value, low - 1)),
                     steps)
            self.good("min", path, change(self.request, steps, self.model.several(name, value, low)))
        if high is not None:
            self.bad("max", path, change(self.request, steps, self.model.several(name, value, high + 1)),
                     steps)
            self.good("max", path, change(self.request, steps, self.model.several(name, value, high)))

    def map(self, name, shape, steps, path):
        value = value_at(self.request, steps)
        (key,) = value
        low, high = shape.get("min", 0), shape.get("max")
        assert low == 0, f"{path}: a map with a minimum is new to this test"
        self.bad("max", path, change(self.request, steps, self.model.entries(name, value, high + 1)), steps)
        self.good("max", path, change(self.request, steps, self.model.entries(name, value, high)))
        text = self.model.text(shape["key"]["shape"])
        for rule, wrong in self.wrong_texts(text, path + "/{key}"):
            self.bad(rule, path + "/{key}", rename(self.request, steps, key, wrong), steps + (wrong,),
                     maybe=text.faults(wrong) - {rule})
        for rule, right in self.right_texts(text):
            self.good(rule, path + "/{key}", rename(self.request, steps, key, right))

    @staticmethod
    def wrong_texts(text, path):
        if text.low > 0:
            shorter = text.of_length(text.low - 1)
            yield "min", "" if shorter is None else shorter
        if text.high is not None and not text.enum:
            longer = text.of_length(text.high + 1)
            yield "max", "x" * (text.high + 1) if longer is None else longer
        if text.enum:
            yield "enum", text.enum[0] + "x"
            yield "enum", ""
        if text.pattern and text.pattern not in MATCHES_ALL:
            wrong = text.mismatch()
            assert wrong is not None, f"{path}: nothing violates {text.pattern}"
            yield "pattern", wrong

    @staticmethod
    def right_texts(text):
        if text.enum:
            yield from (("enum", value) for value in text.enum)
            return
        if text.low > 0:
            yield "min", text.nearest(text.low, 1)
        if text.high is not None:
            yield "max", text.nearest(text.high, -1)
        if text.pattern:
            yield "pattern", text.sample(1)

    def string(self, name, shape, steps, path):
        text = self.model.text(name)
        for rule, wrong in self.wrong_texts(text, path):
            say = text.enum[:1] if rule == "enum" and wrong else ()
            self.bad(rule, path, change(self.request, steps, wrong), steps, say,
                     maybe=text.faults(wrong) - {rule})
        if path in self.values or (text.enum and self.enum_was_tried(name)):
            return
        for rule, right in self.right_texts(text):
            self.good(rule, path, change(self.request, steps, right))

    tried = set()

    def enum_was_tried(self, name):
        seen = name in self.tried
        self.tried.add(name)
        return seen

    def integer(self, name, shape, steps, path):
        for bound, wrong in (("min", -1), ("max", 1)):
            if bound in shape:
                self.bad(bound, path, change(self.request, steps, shape[bound] + wrong), steps)
                if path not in self.values:
                    self.good(bound, path, change(self.request, steps, shape[bound]))

    long = integer

    def boolean(self, name, shape, steps, path):
        if path not in self.values:
            self.good("type", path, change(self.request, steps, False))


def write(folder):
    model, cases = Model(), Cases(folder)
    for operation in OPERATIONS:
        members = {p.split("/")[-1] for p in COMMON} & {"TrainingImage", "InstanceType", "InstanceCount",
                                                        "VolumeSizeInGB", "MaxRuntimeInSeconds"}
        small = model.build(model.root(operation), "", COMMON | {"/PrimaryContainer": {"Image": IMAGE}},
                            MINIMAL[operation] | members)
        cases.add(operation, "minimal", "", small)
        left = set(model.paths(model.root(operation))) - NOT_SENT
        for of, values in VARIANTS:
            if of != operation:
                continue
            values = COMMON | values
            request = model.build(model.root(operation), "", values)
            cases.add(operation, "maximal", "", request)
            violations = Violations(model, cases, operation, request, values)
            for name, steps, path in model.nodes(model.root(operation), request):
                if path in left:
                    left.discard(path)
                    violations.node(name, steps, path)
        for path in sorted(left):
            print(f"not checked: {operation}{path}")
    text = json.dumps(cases.cases, indent=0)
    (folder / "expected.json").write_text(text)
    bad = [c for c in cases.cases.values() if "finding" in c]
    kinds = {}
    for case in bad:
        kinds[case["finding"][0]] = kinds.get(case["finding"][0], 0) + 1
    print(f"violations: {len(bad)}")
    print(f"accepted: {len(cases.cases) - len(bad)}")
    print("kinds:", " ".join(f"{k}={n}" for k, n in sorted(kinds.items())))


def judge(folder, reports):
    expected = json.loads((folder / "expected.json").read_text())
    by_file, wrong = {}, 0
    for report in reports:
        for finding in json.loads(Path(report).read_text())["findings"]:
            by_file.setdefault(finding["file"], []).append(finding)
    assert not set(by_file) - set(expected), "findings of files that nobody wrote"
    for file, case in expected.items():
        found = by_file.get(file, [])
        said = [(f["rule"], f.get("pointer"), f["line"], f["column"]) for f in found
                if f["rule"] in MODEL_RULES | {"json", "duplicate"}]
        across = {f["rule"] for f in found if f["severity"] == "error"} - MODEL_RULES
        why = []
        if "finding" in case:
            want = tuple(case["finding"])
            maybe = {(rule, *want[1:]) for rule in case["maybe"]}
            if want not in said or set(said) - maybe - {want} or len(said) > 1 + len(maybe):
                why.append(f"want {want} (maybe {case['maybe']}), found {said}")
            message = " ".join(f["message"] for f in found if f["rule"] == want[0])
            why += [f"no {word!r} in: {message}" for word in case["say"] if word not in message]
        elif said:
            why.append(f"must be accepted, found {[f['message'] for f in found]}")
        if across - set(case["also"]):
            why.append(f"also found: {[(f['rule'], f['message']) for f in found if f['rule'] in across]}")
        if why:
            wrong += 1
            if wrong <= 20:
                print(f"{file}: {case['operation']} {case['kind']} {case['path']}: " + "; ".join(why))
    print(f"wrong: {wrong}")


if __name__ == "__main__":
    if sys.argv[2] == "write":
        write(Path(sys.argv[3]))
    else:
        judge(Path(sys.argv[3]), sys.argv[4:])
