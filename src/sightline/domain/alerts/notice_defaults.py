"""The templates that are there without any file, by the names that Alertmanager has for its own.

`__subject`, `__description` and the lists of alerts say to the letter what Alertmanager's say, since people build on them; the rest
means the same in words of ours.
"""

from typing import Final

from sightline.domain.alerts.notice_mail import MAIL

_COMMON: Final = """
{{- define "__alertmanager" }}Sightline{{ end }}
{{- define "__alertmanagerURL" }}{{ with .ExternalURL }}{{ reReplaceAll "/+$" "" . }}/alerts{{ end }}{{ end }}

{{- define "__subject" -}}
  [{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}] {{ join " " .GroupLabels.Values }}
  {{- " " }}
  {{- if gt (len .CommonLabels) (len .GroupLabels) -}}
    ({{ join " " (.CommonLabels.Remove .GroupLabels.Names).Values }})
  {{- end }}
{{- end }}
{{- define "__description" }}{{ end }}

{{- define "__text_alert_list" }}
  {{- range $alert := . -}}
    {{ "Labels:\\n" }}
    {{- range $alert.Labels.SortedPairs }}{{ printf " - %s = %s\\n" .Name .Value }}{{ end -}}
    {{ "Annotations:\\n" }}
    {{- range $alert.Annotations.SortedPairs }}{{ printf " - %s = %s\\n" .Name .Value }}{{ end -}}
    {{ printf "Source: %s\\n" $alert.GeneratorURL }}
  {{- end }}
{{- end }}
{{- define "__text_alert_list_markdown" }}
  {{- range $alert := . -}}
    {{ "\\nLabels:\\n" }}
    {{- range $alert.Labels.SortedPairs }}{{ printf "  - %s = %s\\n" .Name .Value }}{{ end -}}
    {{ "\\nAnnotations:\\n" }}
    {{- range $alert.Annotations.SortedPairs }}{{ printf "  - %s = %s\\n" .Name .Value }}{{ end -}}
    {{ printf "\\nSource: %s\\n" $alert.GeneratorURL }}
  {{- end }}
  {{- "\\n" }}
{{- end }}

{{- define "__sightline.alerts" }}
  {{- with .Alerts.Firing }}{{ "Alerts Firing:\\n" }}{{ template "__text_alert_list" . }}{{ end }}
  {{- if and .Alerts.Firing .Alerts.Resolved }}{{ "\\n" }}{{ end }}
  {{- with .Alerts.Resolved }}{{ "Alerts Resolved:\\n" }}{{ template "__text_alert_list" . }}{{ end }}
{{- end }}
{{- define "__sightline.told" }}
  {{- with .CommonAnnotations.Values }}{{ join " " . }}{{ "\\n\\n" }}{{ end }}{{ template "__sightline.alerts" . }}
{{- end }}
{{- define "__sightline.subject_and_link" }}
  {{- template "__subject" . }}{{ with .ExternalURL }} | {{ template "__alertmanagerURL" $ }}{{ end }}
{{- end }}
"""

_ALIASES: Final = {
    "__subject": (
        *("slack.default.title", "email.default.subject", "pagerduty.default.description", "opsgenie.default.message"),
        *("discord.default.title", "msteams.default.summary", "msteams.default.title", "msteamsv2.default.title"),
        *("pushover.default.title", "sns.default.subject", "victorops.default.entity_display_name"),
        *("jira.default.summary", "rocketchat.default.title", "mattermost.default.title"),
    ),
    "__alertmanager": (
        *("slack.default.username", "pagerduty.default.client", "victorops.default.monitoring_tool"),
        "mattermost.default.username",
    ),
    "__alertmanagerURL": (
        *("slack.default.titlelink", "pagerduty.default.clientURL", "opsgenie.default.source", "pushover.default.url"),
        *("rocketchat.default.titlelink", "mattermost.default.titlelink"),
    ),
    "__sightline.subject_and_link": (
        *("slack.default.fallback", "victorops.default.state_message", "mattermost.default.fallback"),
    ),
    "__sightline.alerts": (
        *("telegram.default.message", "discord.default.message", "email.default.text", "rocketchat.default.text"),
        "mattermost.default.text",
    ),
    "__sightline.told": (
        *("opsgenie.default.description", "pushover.default.message", "sns.default.message", "webex.default.message"),
        *("wechat.default.message", "jira.default.description"),
    ),
    "__description": (
        *("slack.default.text", "slack.default.pretext", "slack.default.footer", "slack.default.callbackid"),
        *("slack.default.iconemoji", "slack.default.iconurl", "discord.default.content"),
        *("wechat.default.to_user", "wechat.default.to_party", "wechat.default.to_tag", "wechat.default.agent_id"),
        *("rocketchat.default.emoji", "rocketchat.default.iconurl"),
    ),
}
"""The templates that merely are another one."""

_OTHERS: Final = """
{{- define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}
{{- define "slack.default.color" }}
  {{- if eq .Status "firing" }}danger{{ else if eq .Status "resolved" }}good{{ else }}warning{{ end }}
{{- end }}
{{- define "msteams.default.text" }}
  {{- with .Alerts.Firing }}{{ "# Alerts Firing:\\n" }}{{ template "__text_alert_list_markdown" . }}{{ end }}
  {{- with .Alerts.Resolved }}{{ "# Alerts Resolved:\\n" }}{{ template "__text_alert_list_markdown" . }}{{ end }}
{{- end }}
{{- define "msteamsv2.default.text" }}{{ template "msteams.default.text" . }}{{ end }}
{{- define "jira.default.priority" }}
  {{- $severity := toLower .CommonLabels.severity }}
  {{- if eq $severity "critical" }}High{{ else if eq $severity "warning" }}Medium{{ else }}Low{{ end }}
{{- end }}
"""

DEFAULTS: Final = "".join(
    [
        _COMMON,
        *(
            f'{{{{ define "{name}" }}}}{{{{ template "{target}" . }}}}{{{{ end }}}}\n'
            for target, names in _ALIASES.items()
            for name in names
        ),
        _OTHERS,
        MAIL,
    ]
)
"""Their source."""
