"""The [[scrape]] tables of sightline.toml: what they become, and what is said of a mistake."""

import re
from pathlib import Path

import pytest

from sightline.domain.errors import SettingsInvalid
from sightline.domain.scrape.job import BasicAuth, RelabelRule, ScrapeJob, TargetGroup, Tls
from sightline.domain.timerange import MINUTE, SECOND
from sightline.settings.schema import Settings, keys
from sightline.settings.sources import load

GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "scraping.md"


def jobs(text: str, folder: Path) -> tuple[ScrapeJob, ...]:
    """What a settings file with this text asks to scrape."""
    (folder / "sightline.toml").write_text(text, encoding="utf-8")
    return load({}, {}, folder).scrape


def test_a_job_needs_little(tmp_path: Path) -> None:
    """A name and targets are enough, and everything else has Prometheus' defaults."""
    found = jobs('[[scrape]]\njob = "node"\ntargets = ["127.0.0.1:9100", "b"]\nlabels = {rack = "a"}\n', tmp_path)
    assert found == (ScrapeJob("node", static=(TargetGroup(("127.0.0.1:9100", "b"), {"rack": "a"}),)),)
    assert (found[0].interval, found[0].timeout) == (MINUTE, 10 * SECOND)


def test_every_field_arrives(tmp_path: Path) -> None:
    """All fields of a job stand in the file as they are named, with paths relative to the file's folder."""
    found = jobs(
        """
        retention = "3d"
        [[scrape]]
        job = "all"
        interval = "15s"
        timeout = "5s"
        metrics_path = "/probe"
        scheme = "https"
        params = {module = "http", target = ["a", "b"]}
        honor_labels = true
        honor_timestamps = false
        sample_limit = 10
        label_limit = 20
        body_size_limit = "1MiB"
        scrape_protocols = ["PrometheusProto", "PrometheusText0.0.4"]
        scrape_native_histograms = true
        always_scrape_classic_histograms = true
        basic_auth = {username = "u", password_file = "secret/password"}
        headers = {X-Key = "k"}
        tls = {ca_file = "ca.pem", cert_file = "/etc/c.pem", key_file = "k.pem", server_name = "s", insecure_skip_verify = true}
        targets = ["one:1"]
        files = ["targets/*.json", "/srv/x.yml"]

        [[scrape.static]]
        targets = ["two:2"]
        labels = {rack = "b"}

        [[scrape.relabel]]
        source_labels = ["__address__"]
        regex = "(.*):.*"
        target_label = "host"

        [[scrape.metric_relabel]]
        action = "labeldrop"
        regex = "tmp_.*"

        [[scrape]]
        job = "bearer"
        bearer_token_file = "token"
        files = []
        targets = []
        """,
        tmp_path,
    )
    assert found[0] == ScrapeJob(
        "all",
        interval=15 * SECOND,
        timeout=5 * SECOND,
        metrics_path="/probe",
        scheme="https",
        params={"module": ("http",), "target": ("a", "b")},
        honor_labels=True,
        honor_timestamps=False,
        sample_limit=10,
        label_limit=20,
        body_size_limit=1 << 20,
        scrape_protocols=("PrometheusProto", "PrometheusText0.0.4"),
        scrape_native_histograms=True,
        always_scrape_classic_histograms=True,
        basic_auth=BasicAuth("u", password_file=str(tmp_path / "secret/password")),
        headers={"X-Key": "k"},
        tls=Tls(str(tmp_path / "ca.pem"), "/etc/c.pem", str(tmp_path / "k.pem"), "s", insecure_skip_verify=True),
        static=(TargetGroup(("one:1",)), TargetGroup(("two:2",), {"rack": "b"})),
        files=(str(tmp_path / "targets/*.json"), "/srv/x.yml"),
        relabel=(RelabelRule(source_labels=("__address__",), regex="(.*):.*", target_label="host"),),
        metric_relabel=(RelabelRule(action="labeldrop", regex="tmp_.*"),),
    )
    assert found[1].bearer_token_file == str(tmp_path / "token")


def test_nothing_is_scraped_unless_asked(tmp_path: Path) -> None:
    """Without a file, or without such a table, there are no jobs; they are no keys, so that flags and environment know none."""
    assert load({}, {}, tmp_path).scrape == Settings().scrape == ()
    assert not [key.name for key in keys() if key.name.startswith("scrape")]
    with pytest.raises(SettingsInvalid, match="scrape is not a setting"):
        load({"scrape": "x"}, {}, tmp_path)


def test_a_timeout_that_is_not_given_fits_the_interval(tmp_path: Path) -> None:
    """A short interval shortens the default timeout."""
    assert jobs('[[scrape]]\njob = "a"\ninterval = "3s"\ntargets = []', tmp_path)[0].timeout == 3 * SECOND


GOOD = 'job = "node"\ntargets = ["a:1"]\n'


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('targets = ["a:1"]', r"\[\[scrape\]\] 1: job: every job needs a name"),
        ("job = 5", r"\[\[scrape\]\] 1: job: every job needs a name"),
        ('job = "node"', "scrape job node: targets: the job has none"),
        (GOOD + 'intervall = "1s"', "scrape job node: intervall: there is no such field; did you mean interval?"),
        (GOOD + 'scrape_interval = "1s"', "scrape_interval: there is no such field; did you mean interval?"),
        (
            GOOD + "zzz = 1",
            "zzz: there is no such field; valid are always_scrape_classic_histograms, basic_auth, bearer_token,",
        ),
        (
            GOOD + 'basic_auth = {user = "x"}',
            "basic_auth.user: there is no such field; did you mean basic_auth.username?",
        ),
        (GOOD + 'tls = {ca = "x"}', "tls.ca: there is no such field; did you mean tls.ca_file?"),
        (GOOD + '[[scrape.relabel]]\nreplace = "x"', r"relabel\[0\].replace: there is no such field; did you mean"),
        (
            GOOD + "[[scrape.static]]\ntarget = []",
            r"static\[0\].target: there is no such field; did you mean static\[0\].targets",
        ),
        (GOOD + "interval = 15", "scrape job node: interval: expected a text such as 15s, got 15"),
        (GOOD + 'interval = "soon"', "interval: 'soon' is not a duration"),
        (GOOD + 'interval = "0s"', "interval: it must be longer"),
        (
            GOOD + 'interval = "5s"\ntimeout = "6s"',
            "timeout: 6s must be more than nothing and at most the interval, 5s",
        ),
        (GOOD + 'timeout = "0s"', "timeout: 0s must be"),
        (
            GOOD + 'scrape_protocols = ["protobuf"]',
            "scrape_protocols: 'protobuf' is none of PrometheusProto, OpenMetrics",
        ),
        (
            GOOD + 'scrape_native_histograms = true\nscrape_protocols = ["PrometheusText0.0.4"]',
            "scrape_native_histograms: only PrometheusProto tells of them",
        ),
        (GOOD + 'body_size_limit = "big"', "body_size_limit: 'big' is not a size"),
        (GOOD + "sample_limit = -1", "sample_limit: it counts"),
        (GOOD + 'sample_limit = "1"', 'sample_limit: expected a whole number, got a text in " "'),
        (GOOD + 'honor_labels = "yes"', "honor_labels: expected true or false"),
        (GOOD + 'scheme = "ftp"', "scheme: expected http or https, got 'ftp'"),
        (GOOD + 'metrics_path = "metrics"', "metrics_path: 'metrics' must begin with /"),
        ('job = "node"\ntargets = "a:1"', r"node: targets: expected a list in \[ \], got a text"),
        ('job = "node"\ntargets = ["http://a:1/metrics"]', "targets: 'http://a:1/metrics' is not an address"),
        ('job = "node"\nlabels = {a = "b"}', "labels: they belong to targets"),
        (GOOD + "labels = {a = 1}", r"node: labels\[...\]: expected a text in \" \", got a whole number"),
        (GOOD + 'labels = {"" = "x"}', "labels: a label name is empty"),
        (GOOD + "[scrape.relabel]\nregex = 'x'", r"relabel: it is a list of tables: write \[\[scrape.relabel\]\]"),
        (GOOD + '[[scrape.static]]\ntargets = "a:1"', r"node: static\[0\].targets: expected a list"),
        ('job = "node"\n[[scrape.static]]\ntargets = "a:1"', r"node: static\[0\].targets: expected a list"),
        (GOOD + 'static = "x"', r"static: expected a list in \[ \]"),
        (GOOD + 'files = ["x.txt"]', "files: .*x.txt must end in .json, .yml, .yaml"),
        (
            GOOD + 'basic_auth = {username = "u", password = "hidden", password_file = "f"}',
            "basic_auth: give password or",
        ),
        (GOOD + 'basic_auth = {username = "u", password = ["hidden"]}', "basic_auth.password: expected a text"),
        (GOOD + 'basic_auth = {password = "hidden"}', "basic_auth: object missing required field `username`"),
        (GOOD + 'bearer_token = "hidden"\nbearer_token_file = "f"', "bearer_token: give bearer_token or"),
        (
            GOOD + 'bearer_token = "hidden"\nbasic_auth = {username = "u"}',
            "basic_auth: give basic_auth or a bearer token",
        ),
        (GOOD + 'tls = {cert_file = "x"}', "tls: cert_file and key_file belong together"),
        (GOOD + 'headers = {"a b" = "hidden"}', "headers: 'a b' is not the name of a header"),
        (GOOD + 'headers = {Authorization = "hidden"}', "headers: write basic_auth, bearer_token"),
        (GOOD + 'headers = {X = "hidden\\n"}', "headers: the value of X holds characters"),
        (GOOD + '[[scrape.relabel]]\naction = "keepp"', "relabel: rule 1: 'keepp' is not an action; did you mean keep"),
        (GOOD + '[[scrape.metric_relabel]]\nregex = "("\ntarget_label = "x"', r"metric_relabel: rule 1: regex '\('"),
        (GOOD + "[[scrape]]\n" + GOOD, r"scrape job node: job: \[\[scrape\]\] 1 has the same name"),
    ],
)
def test_a_mistake_is_named_with_file_job_and_field(table: str, said: str, tmp_path: Path) -> None:
    """Whatever is wrong, the message says where, what and often what was meant, and never a secret."""
    with pytest.raises(SettingsInvalid, match=said) as raised:
        jobs(f"[[scrape]]\n{table}", tmp_path)
    assert raised.value.message.startswith(f"{tmp_path / 'sightline.toml'}: ")
    assert "hidden" not in raised.value.message


@pytest.mark.parametrize("text", ["[scrape]\njob = 'a'", "scrape = 1", "scrape = [1]"])
def test_it_is_a_list_of_tables(text: str, tmp_path: Path) -> None:
    """One bracket too few is told so."""
    with pytest.raises(SettingsInvalid, match=r"scrape is a list of tables: write \[\[scrape\]\]"):
        jobs(text, tmp_path)


def test_urls_may_stand_among_the_targets_of_a_job_that_relabels(tmp_path: Path) -> None:
    """A probe's targets become its parameter by relabelling, so they need not be addresses."""
    text = '[[scrape]]\njob = "probe"\ntargets = ["https://example.org/x"]\n[[scrape.relabel]]\naction = "labeldrop"\nregex = "x"'
    assert jobs(text, tmp_path)[0].static[0].targets == ("https://example.org/x",)


def test_the_guide_can_be_copied(tmp_path: Path) -> None:
    """Every settings file in the guide loads, and the guide has a row for every field of a job."""
    text = GUIDE.read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert len(examples) > 2
    for example in examples:
        assert jobs(example, tmp_path)
    for struct in (ScrapeJob, RelabelRule, BasicAuth, Tls):
        for field in struct.__struct_fields__:
            assert f"`{field}`" in text
