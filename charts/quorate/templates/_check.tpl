{{- /* What values.schema.json cannot say. */}}
{{- define "quorate.check" -}}
{{- if .Values.repositories }}
{{- if or .Values.credentials.secret .Values.host.kind .Values.host.url .Values.host.app.id }}{{ fail "with repositories, write credentials and host under each of them" }}{{ end }}
{{- $names := list }}
{{- $signed := false }}
{{- range $r := .Values.repositories }}
{{- if has $r.name $names }}{{ fail (printf "two repositories are called %s" $r.name) }}{{ end }}
{{- $names = append $names $r.name }}
{{- $keys := dig "credentials" "keys" dict $r }}
{{- if and (dig "host" "app" "id" 0 $r) (not $keys.appKey) }}{{ fail (printf "repository %s: host.app needs credentials.keys.appKey" $r.name) }}{{ end }}
{{- if $keys.webhookSecret }}{{ $signed = true }}{{ end }}
{{- end }}
{{- if and .Values.webhook.enabled (not $signed) }}{{ fail "webhook.enabled needs credentials.keys.webhookSecret of some repository: what is not signed is not taken" }}{{ end }}
{{- else }}
{{- $keys := .Values.credentials.keys }}
{{- range $keys }}{{ if and . (not $.Values.credentials.secret) }}{{ fail "credentials.keys needs credentials.secret: the name of a Secret that has them" }}{{ end }}{{ end }}
{{- if and .Values.webhook.enabled (not $keys.webhookSecret) }}{{ fail "webhook.enabled needs credentials.keys.webhookSecret: what is not signed is not taken" }}{{ end }}
{{- if and .Values.host.app.id (not $keys.appKey) }}{{ fail "host.app needs credentials.keys.appKey" }}{{ end }}
{{- end }}
{{- if and .Values.webhook.ingress.enabled (not .Values.webhook.enabled) }}{{ fail "webhook.ingress needs webhook.enabled" }}{{ end }}
{{- end }}
