"""Situations for chain_resolve.py: environment x files x servers.

Each kind of credentials is a table of its axes; a situation takes one value of every axis, by a seed. A value is a
function that changes the situation. So every value of every axis comes up, together with ever other values of the rest.
"""
import dataclasses
import hashlib
import json
import random

ROLE = "arn:aws:iam::222222222222:role/"
KEYS = {"aws_access_key_id": "AKIASTATICSTATIC0001", "aws_secret_access_key": "static/Secret+0123456789abcdefghijklmnop"}
ENV_KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00001", "AWS_SECRET_ACCESS_KEY": "env/Secret+0123456789abcdefghijklmnopqrs"}
START = "https://corp.awsapps.com/start"
REGIONS = ["us-east-1", "us-east-2", "eu-west-1", "ap-southeast-5", "cn-north-1", "us-gov-west-1", "us-iso-east-1",
           "eusc-de-east-1"]
FAULTS = ["403", "500", "html", "halfjson", "wrong", "list", "empty", "token-line-break", "expired", "throttle", "redirect"]


@dataclasses.dataclass
class Situation:
    kind: str
    env: dict
    config: dict = dataclasses.field(default_factory=dict)		# section -> {name: value}
    credentials: dict = dataclasses.field(default_factory=dict)
    tail: list = dataclasses.field(default_factory=list)	# more sections of the config file: (title, {name: value})
    files: dict = dataclasses.field(default_factory=dict)		# below the folder of both -> text
    option: str = None
    main: str = "main"		# the profile that is asked for
    link_local: bool = False	# needs the metadata services' own addresses

    def profile(self):
        plain = self.main == "default" and "profile default" not in self.config
        return self.config.setdefault("default" if plain else f"profile {self.main}", {})

    def text(self, *sections):
        out = []
        for title, values in [pair for part in sections for pair in getattr(part, "items", part.copy)()]:
            out.append(f"[{title}]")
            for name, value in values.items():
                if isinstance(value, dict):
                    out += [f"{name} ="] + [f"  {k} = {v}" for k, v in value.items()]
                else:
                    out.append(f"{name} = {value}")
        return "\n".join(out) + "\n"


class Maker:
    """`place` is the server's URL, `folder` where the files go."""

    def __init__(self, seed, place, folder):
        self.rng = random.Random(seed)
        self.place, self.folder = place, folder

    # ---- axes that several kinds have -------------------------------------------------

    def regions(self):
        def nowhere(s):
            pass

        def variable(s):
            s.env["AWS_DEFAULT_REGION"] = "eu-west-1"

        def profile(s):
            s.profile()["region"] = "us-east-2"

        def cli_variable(s):
            s.env["AWS_REGION"] = "ap-southeast-5"
            s.profile()["region"] = "us-east-2"
        return [variable, profile, profile, nowhere, cli_variable]

    def asked(self):
        def option(s):
            s.option = s.main

        def variable(s):
            s.env["AWS_PROFILE"] = s.main

        def older(s):
            s.env["AWS_DEFAULT_PROFILE"] = s.main

        def both(s):
            s.env.update(AWS_PROFILE=s.main, AWS_DEFAULT_PROFILE="other")
            s.config["profile other"] = {**KEYS}
        return [option, variable, variable, older, both]

    def endpoints(self, service, scenario="ok"):
        """Where the endpoint of a service is configured; several at once show which is first."""
        def url(label):
            return f"{self.place}/{scenario}~{label}"

        def own(s):
            pass

        def service_variable(s):
            s.env["AWS_ENDPOINT_URL_" + service.upper()] = url("service-variable")

        def variable(s):
            s.env["AWS_ENDPOINT_URL"] = url("variable")

        def services(s):
            s.profile()["services"] = "local"
            s.config["services local"] = {service: {"endpoint_url": url("services")},
                                          "s3": {"endpoint_url": url("another-service")}}

        def other_service(s):
            s.profile()["services"] = "local"
            s.config["services local"] = {"s3": {"endpoint_url": url("another-service")}}
            profile(s)

        def profile(s):
            s.profile()["endpoint_url"] = url("profile")

        def all_of(*several):
            return lambda s: [f(s) for f in several] and None

        def ignored(s):
            all_of(service_variable, variable, services, profile)(s)
            s.env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"

        def ignored_by_profile(s):
            all_of(variable, profile)(s)
            s.profile()["ignore_configured_endpoint_urls"] = "true"
        def twice(s):
            variable(s)
            s.env["AWS_MAX_ATTEMPTS"] = "2"
        if scenario != "ok":
            return [twice]
        return [own, service_variable, variable, services, other_service, profile, ignored, ignored_by_profile,
                all_of(service_variable, variable), all_of(variable, services), all_of(services, profile),
                all_of(variable, profile), all_of(service_variable, profile), all_of(service_variable, services)]

    def hosts(self):
        """FIPS and dual-stack, in the environment and in the profile."""
        def variables(fips, dual):
            def change(s):
                if fips is not None:
                    s.env["AWS_USE_FIPS_ENDPOINT"] = fips
                if dual is not None:
                    s.env["AWS_USE_DUALSTACK_ENDPOINT"] = dual
            return change

        def profile(fips, dual):
            def change(s):
                s.profile().update({k: v for k, v in (("use_fips_endpoint", fips), ("use_dualstack_endpoint", dual)) if v})
            return change

        def against(s):
            profile("true", "true")(s)
            variables("false", None)(s)
        return [variables(None, None), variables("true", None), variables(None, "true"), variables("true", "true"),
                profile("true", None), profile(None, "True"), against, variables("yes", None)]

    # ---- kinds ------------------------------------------------------------------------

    def role(self, scenario="ok"):
        def keys(s):
            s.profile()["source_profile"] = "source"
            s.config["profile source"] = {**KEYS}

        def keys_in_credentials(s):
            s.profile()["source_profile"] = "source"
            s.credentials["source"] = {**KEYS, "aws_session_token": "sourceToken"}

        def own_keys(s):
            s.profile()["source_profile"] = s.main
            s.credentials[s.main] = {**KEYS}

        def environment(s):
            s.profile()["credential_source"] = "Environment"
            s.env.update(ENV_KEYS)
            s.option = s.main	# or the environment itself would answer

        def container(s):
            s.profile()["credential_source"] = "EcsContainer"
            s.env.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{self.place}/ok~container/container",
                         AWS_CONTAINER_AUTHORIZATION_TOKEN="good token")

        def instance(s):
            s.profile()["credential_source"] = "Ec2InstanceMetadata"
            s.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"{self.place}/ok~imds"

        def chain(s):
            s.profile()["source_profile"] = "between"
            s.config["profile between"] = {"role_arn": ROLE + "between", "source_profile": "source",
                                           "external_id": "between-1", "region": "eu-west-1"}
            s.config["profile source"] = {**KEYS, "region": "cn-north-1"}

        def process(s):
            s.profile()["source_profile"] = "source"
            s.config["profile source"] = {"credential_process": f"{self.folder}/process session"}

        def web(s):
            s.profile()["source_profile"] = "source"
            s.config["profile source"] = {"role_arn": ROLE + "web", "role_session_name": "w1",
                                          "web_identity_token_file": f"{self.folder}/jwt"}
            s.files["jwt"] = "webToken"

        def sso(s):
            s.profile()["source_profile"] = "source"
            s.config["profile source"] = {"sso_start_url": START, "sso_region": "us-east-2",
                                          "sso_account_id": "111111111111", "sso_role_name": "Admin"}
            self.sso_token(s, START, "goodBearer")
            s.env["AWS_ENDPOINT_URL_SSO"] = f"{self.place}/ok~sso"

        def role(s):
            s.profile()["role_arn"] = ROLE + self.rng.choice(["deploy", "path/deploy", "a+b=c,d@e"])
        extras = [{}, {"external_id": "x-1"}, {"duration_seconds": "3600"}, {"role_session_name": "me@example.com"},
                  {"external_id": "a b&c=d", "duration_seconds": "900", "role_session_name": "s2"}, {"duration_seconds": "1h"},
                  {"mfa_serial": "arn:aws:iam::111111111111:mfa/me"}]
        more = [lambda s, e=e: s.profile().update(e) for e in extras]
        return [[role], [keys, keys_in_credentials, own_keys, environment, container, instance, chain, process, web, sso],
                more, self.regions(), self.endpoints("sts", scenario), self.asked()]

    def role_wrong(self):
        def gone(s):
            s.profile()["source_profile"] = "gone"

        def circle(s):
            s.profile()["source_profile"] = "other"
            s.config["profile other"] = {"role_arn": ROLE + "o", "source_profile": s.main}

        def itself(s):
            s.profile()["source_profile"] = s.main

        def both(s):
            s.profile().update(source_profile="source", credential_source="Environment")

        def neither(s):
            pass

        def unknown(s):
            s.profile()["credential_source"] = self.rng.choice(["ec2instancemetadata", "Ec2", "ecscontainer"])

        def empty(s):
            s.profile()["source_profile"] = "empty"
            s.config["profile empty"] = {"region": "us-east-1"}

        def no_environment(s):
            s.profile()["credential_source"] = "Environment"

        def half(s):
            s.profile()["source_profile"] = "half"
            s.config["profile half"] = {"aws_access_key_id": "AKIAHALF"}

        def no_services(s):
            s.profile().update(source_profile="source", services="gone")

        def role(s):
            s.profile()["role_arn"] = ROLE + "deploy"
            s.config["profile source"] = {**KEYS}
        return [[role], [gone, circle, itself, both, neither, unknown, empty, no_environment, half, no_services],
                self.regions()[:2], self.asked()[:3]]

    def web_identity(self, scenario="ok"):
        def profile(s):
            s.profile().update(role_arn=ROLE + "web", web_identity_token_file=f"{self.folder}/jwt")

        def variables(s):
            s.env.update(AWS_ROLE_ARN=ROLE + "pod", AWS_WEB_IDENTITY_TOKEN_FILE=f"{self.folder}/jwt")

        def mixed(s):
            s.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = f"{self.folder}/jwt"
            s.profile()["role_arn"] = ROLE + "mixed"
            s.profile()["web_identity_token_file"] = "/nonexistent"

        def both(s):
            profile(s)
            variables(s)

        def token(text):
            return lambda s: s.files.update(jwt=text) if text is not None else None

        def name(s):
            s.profile()["role_session_name"] = "in-profile"

        def name_variable(s):
            s.env["AWS_ROLE_SESSION_NAME"] = "in-environment"

        def nothing(s):
            pass
        return [[profile, variables, mixed, both], [token("webToken"), token("eyJ.a_b-c.d=="), token("webToken\n"), token(None)],
                [nothing, name, name_variable], self.regions(), self.endpoints("sts", scenario), self.asked()]

    def sso_token(self, s, key, bearer, end="2099-01-01T00:00:00Z", **more):
        name = hashlib.sha1(key.encode()).hexdigest()
        s.files[f"home/.aws/sso/cache/{name}.json"] = json.dumps(
            {"startUrl": START, "region": "us-east-2", "accessToken": bearer, "expiresAt": end, **more})

    def sso(self, scenario="ok"):
        account = {"sso_account_id": "111111111111", "sso_role_name": "Admin"}
        where = {"sso_start_url": START, "sso_region": "us-east-2"}
        refresh = {"clientId": "c", "clientSecret": "clientSecretSecret", "registrationExpiresAt": "2099-01-01T00:00:00Z"}

        def legacy(s):
            s.profile().update({**account, **where})
            s.key = START

        def session(s):
            s.profile().update({**account, "sso_session": "corp"})
            s.config["sso-session corp"] = {**where, "sso_registration_scopes": "sso:account:access"}
            s.key = "corp"

        def session_twice(s):
            session(s)
            s.profile().update(where)

        def session_against(s):
            session(s)
            s.profile()["sso_region"] = "eu-west-1"

        def session_gone(s):
            session(s)
            del s.config["sso-session corp"]

        def session_half(s):
            session(s)
            del s.config["sso-session corp"]["sso_region"]

        def token(bearer, end="2099-01-01T00:00:00Z", **more):
            return lambda s: self.sso_token(s, s.key, bearer, end, **more)

        def none(s):
            pass
        tokens = [token("goodBearer")] * 3 + [
            token("goodBearer", "2099-01-01T00:00:00UTC"), token("oldBearer"), token("goodBearer", "2001-01-01T00:00:00Z"), none,
            token("oldBearer", "2001-01-01T00:00:00Z", refreshToken="goodRefresh", **refresh),
            token("oldBearer", "2001-01-01T00:00:00Z", refreshToken="oldRefresh", **refresh),
            token("oldBearer", "2001-01-01T00:00:00Z", refreshToken="goodRefresh",
                  **{**refresh, "registrationExpiresAt": "2001-01-01T00:00:00Z"})]

        def both_endpoints(change):
            def and_oidc(s):
                change(s)
                if "AWS_ENDPOINT_URL_SSO" in s.env:
                    s.env["AWS_ENDPOINT_URL_SSO_OIDC"] = f"{self.place}/ok~oidc-variable"
                if "sso" in s.config.get("services local", {}):
                    s.config["services local"]["sso_oidc"] = {"endpoint_url": f"{self.place}/ok~oidc-services"}
            return and_oidc
        forms = [legacy, session, session, session_twice, session_against, session_gone, session_half]
        return [forms if scenario == "ok" else [legacy, session], tokens if scenario == "ok" else tokens[:1], self.regions(),
                [both_endpoints(e) for e in self.endpoints("sso", scenario)], self.asked()]

    def hosts_of(self, kind):
        """Which of AWS's own hosts is asked: region x FIPS x dual-stack."""
        def region(name):
            def change(s):
                s.profile()["region"] = name
                for section in s.config.values():
                    if "sso_region" in section:
                        section["sso_region"] = name
            return change
        axes = {"sts": self.role()[:2] + [[lambda s: None]], "sso": self.sso()[:2]}[kind]
        if kind == "sts":
            axes[1] = axes[1][:3]
        else:
            axes = [axes[0][:2], [axes[1][0], axes[1][-3]]]
        return axes + [[region(r) for r in REGIONS], self.hosts(), self.asked()[:3]]

    def container(self, scenario="ok"):
        def uri(host):
            return lambda s: s.env.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=self.place.replace("127.0.0.1", host)
                                          + f"/{scenario}~full/container")

        def link_local(address):
            def change(s):
                s.link_local = True
                s.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"http://{address}/{scenario}~agent/container"
            return change

        def relative(s):
            s.link_local = True
            s.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = f"/{scenario}~relative/container"

        def both(s):
            relative(s)
            uri("127.0.0.1")(s)

        def foreign(url):
            return lambda s: s.env.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=url)

        def token(s):
            s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "good token"

        def token_file(text):
            def change(s):
                s.files["token"] = text
                s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = f"{self.folder}/token"
            return change

        def both_tokens(s):
            token_file("good token")(s)
            s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "bad token"

        def no_file(s):
            s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/nonexistent"

        def nothing(s):
            pass

        def proxy(s):
            s.env.update(http_proxy="http://127.0.0.1:1", all_proxy="http://127.0.0.1:1")
        places = [uri("127.0.0.1"), uri("127.0.0.1"), uri("localhost"), relative, both, link_local("169.254.170.2"),
                  link_local("169.254.170.23"), link_local("[fd00:ec2::23]")]
        if scenario == "ok":
            places += [foreign("http://example.invalid/x"), foreign("http://169.254.169.254/x"), foreign("http://10.0.0.1/x")]
        return [places, [token, token, token_file("good token"), token_file("good token\n"), both_tokens, nothing,
                         token_file("good\nX-Evil: 1"), no_file], [nothing, nothing, proxy], self.regions()[:2]]

    def imds(self, scenario="ok"):
        def variable(s):
            s.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"{self.place}/{scenario}~variable"

        def slash(s):
            s.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"{self.place}/{scenario}~variable/"

        def profile(s):
            s.config["default"] = {"ec2_metadata_service_endpoint": f"{self.place}/{scenario}~profile"}

        def both(s):
            profile(s)
            variable(s)

        def own(mode):
            def change(s):
                s.link_local = True
                if mode:
                    s.env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = mode
            return change

        def own_profile(s):
            s.link_local = True
            s.config["default"] = {"ec2_metadata_service_endpoint_mode": "ipv6"}

        def no_url(s):
            s.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "metadata.example"

        def older(s):
            s.link_local = True
            s.env["AWS_IMDS_USE_IPV6"] = "true"

        def nothing(s):
            pass

        def no_v1(s):
            s.env["AWS_EC2_METADATA_V1_DISABLED"] = "true"

        def no_v1_profile(s):
            s.config.setdefault("default", {})["ec2_metadata_v1_disabled"] = "true"

        def off(s):
            s.env["AWS_EC2_METADATA_DISABLED"] = "TRUE"

        def proxy(s):
            s.env["http_proxy"] = "http://127.0.0.1:1"

        def attempts(s):
            s.env["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "2"

        def attempts_profile(s):
            s.config.setdefault("default", {})["metadata_service_num_attempts"] = "2"
        places = [variable, slash, profile, both, own(None), own("IPv6"), own("ipv4"), own("IPv7"), own_profile, older, no_url]
        if scenario != "ok":
            places = places[:3]
        return [places, [nothing, nothing, no_v1, no_v1_profile, off], [nothing, nothing, attempts, attempts_profile, proxy],
                self.regions()[:1]]

    def process(self):
        def run(words, quiet=False):
            return lambda s: s.profile().update(credential_process=f"{self.folder}/process {words}".strip())
        words = ["plain # a comment", "plain", "session", "account", "expired", "version2", "noversion", "nosecret", "nothing", "text", "exit3", "list",
                 "plain 'a b' \"c d\" e\\ f", "plain 'it''s' \"\\\"q\\\"\" ''", "plain $HOME ~ * | `x`", "plain ';' ' # x'", "plain 'open", "number"]

        def nothing(s):
            pass

        def account(s):
            s.profile()["aws_account_id"] = "555555555555"

        def gone(s):
            s.profile()["credential_process"] = "/nonexistent/program x"
        return [[run(w) for w in words] + [gone], [nothing, account], self.regions()[:2], self.asked()]

    def static(self):
        token = {"aws_session_token": "newToken"}

        def config(s):
            s.profile().update(KEYS)

        def credentials(s):
            s.credentials[s.main] = {**KEYS}

        def both(s):
            s.profile().update(KEYS, aws_access_key_id="AKIAOTHER")
            credentials(s)

        def environment(s):
            both(s)
            s.env.update(ENV_KEYS)

        def half(s):
            s.credentials[s.main] = {"aws_access_key_id": "AKIAHALF"}

        def twice(s):
            s.profile()["aws_access_key_id"] = KEYS["aws_access_key_id"]
            s.tail.append((f"profile {s.main}", {"aws_secret_access_key": KEYS["aws_secret_access_key"]}))

        def by_default(s):
            s.config["profile default"] = {**KEYS}
            s.tail.append(("default", {**KEYS, "aws_access_key_id": "AKIAPLAINDEFAULT"}))
            s.main = "default"

        def older_files(s):
            s.files["old"] = "AWSAccessKeyId=AKIAOLDOLDOLDOLD0001\nAWSSecretKey=old/Secret\n"
            s.files["boto"] = "[Credentials]\naws_access_key_id = AKIABOTO\naws_secret_access_key = boto/Secret\n"
            name, file = self.rng.choice([("AWS_CREDENTIAL_FILE", "old"), ("BOTO_CONFIG", "boto")])
            s.env.update({name: f"{self.folder}/{file}", "AWS_EC2_METADATA_DISABLED": "true"})

        def nothing(s):
            pass

        def tokens(s):
            for section in (s.profile(), s.credentials.get(s.main, {})):
                section.update(token if "aws_access_key_id" in section else {})
            s.env["AWS_SESSION_TOKEN"] = "envToken"

        def old_tokens(s):
            tokens(s)
            s.env["AWS_SECURITY_TOKEN"] = "oldEnvToken"
            for section in (s.profile(), s.credentials.get(s.main, {})):
                section["aws_security_token"] = "oldToken"

        def accounts(s):
            s.env["AWS_ACCOUNT_ID"] = "666666666666"
            s.profile()["aws_account_id"] = "777777777777"

        def comments(s):
            for section in (s.profile(), s.credentials.get(s.main, {})):
                for name in section:
                    section[name] += "  # mine"

        def end(s):
            s.env["AWS_CREDENTIAL_EXPIRATION"] = "2099-03-04T05:06:07+00:00"

        def ended(s):
            s.env["AWS_CREDENTIAL_EXPIRATION"] = "2001-01-01T00:00:00Z"
        return [[config, credentials, both, environment, half, twice, by_default, older_files], [nothing, tokens, old_tokens], [nothing, accounts, end, ended, comments],
                self.regions(), self.asked()]

    # ---- all --------------------------------------------------------------------------

    def draw(self, kind, axes, count, main="main"):
        """`count` situations; each axis goes through all its values before it begins again, in an order of its own."""
        decks = [[] for _ in axes]
        for _ in range(count):
            s = Situation(kind, {}, main=main)
            s.profile()
            for axis, deck in zip(axes, decks):
                if not deck:
                    deck += self.rng.sample(axis, len(axis))
                deck.pop()(s)
            if s.option is not None:
                s.env.pop("AWS_PROFILE", None)
            yield s

    def situations(self):
        yield from self.draw("role", self.role(), 60)
        yield from self.draw("role, wrong", self.role_wrong(), 20)
        yield from self.draw("web identity", self.web_identity(), 28)
        yield from self.draw("SSO", self.sso(), 42)
        yield from self.draw("STS hosts", self.hosts_of("sts"), 32)
        yield from self.draw("SSO hosts", self.hosts_of("sso"), 32)
        yield from self.draw("container", self.container(), 34, "default")
        yield from self.draw("instance", self.imds(), 30, "default")
        yield from self.draw("process", self.process(), 34)
        yield from self.draw("static", self.static(), 40)
        for fault in FAULTS:
            yield from self.draw("role, " + fault, self.role(fault), 2)
            yield from self.draw("web identity, " + fault, self.web_identity(fault)[:1] + [[lambda s: s.files.update(jwt="webToken")]]
                                 + self.web_identity(fault)[3:], 1)
            yield from self.draw("SSO, " + fault, self.sso(fault), 2)
        for scenario in ["account", "lasting", "403", "500", "html", "halfjson", "wrong", "list", "empty", "redirect"]:
            yield from self.draw("container, " + scenario, self.container(scenario)[:1]
                                 + [[lambda s: s.env.update(AWS_CONTAINER_AUTHORIZATION_TOKEN="good token")]], 1, "default")
        for scenario in ["v1-404", "v1-403", "v1-405", "v1-400", "v1-500", "v1-hang", "norole", "norights", "html", "403", "500",
                         "wrong", "list", "halfjson", "empty"]:
            yield from self.draw("instance, " + scenario, self.imds(scenario), 4, "default")
