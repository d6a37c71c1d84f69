"""The mail about alerts in HTML: tables, which all mail programs lay out, in the colours of the reader's theme.

Colours stand in the elements for light themes, and once more in the head for dark ones; a program that knows neither shows a
readable page all the same.
"""

from typing import Final

from sightline.domain.alerts.mail_style import METAS, STYLE

MAIL: Final = (
    """
{{- define "__sightline.mail_pairs" }}
  {{- range . }}
          <span class="name" style="color:#5b6470">{{ .Name }}:</span> {{ .Value }}<br>
  {{- end }}
{{- end }}

{{- define "__sightline.mail_alert" }}
    <tr>
      <td class="card" style="padding:14px 20px;border-top:1px solid #e1e5ea">
        <p class="text" style="margin:0 0 6px;color:#1c2127;font-weight:600">
          {{- with .Labels.alertname }}{{ . }}{{ else }}Alert{{ end }}
          {{- with .Annotations.summary }}: {{ . }}{{ end -}}
        </p>
        <p class="name" style="margin:0 0 8px;color:#5b6470;font-size:13px">
          {{- if eq .Status "resolved" -}}
            Resolved {{ .EndsAt.Format "2006-01-02 15:04:05 MST" }}, after {{ humanizeDuration (.EndsAt.Sub .StartsAt) }}
          {{- else -}}
            Since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}
          {{- end -}}
        </p>
        <p class="text" style="margin:0;color:#1c2127;font-size:13px;line-height:19px;word-break:break-word">
          {{- template "__sightline.mail_pairs" (.Labels.Remove (stringSlice "alertname")).SortedPairs }}
          {{- template "__sightline.mail_pairs" (.Annotations.Remove (stringSlice "summary")).SortedPairs }}
        </p>
        {{- with .GeneratorURL }}
        <p style="margin:8px 0 0;font-size:13px"><a class="link" href="{{ . }}" style="color:#1f5fbf">Where this comes from</a></p>
        {{- end }}
      </td>
    </tr>
{{- end }}

{{- define "__sightline.mail_part" }}
    <tr>
      <td class="card text" style="padding:16px 20px 10px;color:#1c2127;font-size:15px;font-weight:600">{{ . }}</td>
    </tr>
{{- end }}

{{- define "__sightline.mail_alerts" }}
  {{- $shown := . }}{{ if gt (len .) 100 }}{{ $shown = slice . 0 100 }}{{ end }}
  {{- range $shown }}{{ template "__sightline.mail_alert" . }}{{ end }}
  {{- if gt (len .) 100 }}{{ template "__sightline.mail_part" (printf "%d more are not shown" (len (slice . 100))) }}{{ end }}
{{- end }}

{{- define "email.default.html" -}}
<!DOCTYPE html>
<html lang="en">
<head>
"""
    + METAS
    + """<title>{{ template "__subject" . }}</title>
"""
    + STYLE
    + """</head>
<body class="page" style="margin:0;padding:0;background:#f3f5f7">
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f5f7">
<tr><td align="center" style="padding:24px 12px">
  <table class="card" role="presentation" width="640" cellpadding="0" cellspacing="0" border="0"
    style="width:100%;max-width:640px;background:#ffffff;font:14px/20px -apple-system,'Segoe UI',Roboto,Arial,sans-serif">
    <tr>
      <td style="padding:18px 20px;color:#ffffff;
        {{- if eq .Status "firing" }}background:#b3261e
        {{- else if eq .Status "resolved" }}background:#1e7a46{{ else }}background:#7a5c00{{ end }}">
        <div style="font-size:13px;letter-spacing:1px">{{ toUpper .Status }}</div>
        <div style="font-size:18px;line-height:26px;font-weight:600">
          {{- with .GroupLabels.Values }}{{ join " " . }}
          {{- else }}{{ len .Alerts }} alert{{ if ne (len .Alerts) 1 }}s{{ end }}{{ end -}}
        </div>
      </td>
    </tr>
    {{- with .Alerts.Firing }}
      {{- template "__sightline.mail_part" (printf "%d firing" (len .)) }}
      {{- template "__sightline.mail_alerts" . }}
    {{- end }}
    {{- with .Alerts.Resolved }}
      {{- template "__sightline.mail_part" (printf "%d resolved" (len .)) }}
      {{- template "__sightline.mail_alerts" . }}
    {{- end }}
    <tr>
      <td class="card name" style="padding:14px 20px;border-top:1px solid #e1e5ea;color:#5b6470;font-size:12px">
        {{- if .ExternalURL -}}
        <a class="link" href="{{ template "__alertmanagerURL" . }}" style="color:#1f5fbf">All alerts</a> ·
        {{ end -}}
        Told by {{ template "__alertmanager" . }}
      </td>
    </tr>
  </table>
</td></tr>
</table>
</body>
</html>
{{ end }}
"""
)
"""The source of `email.default.html` and of its parts."""
