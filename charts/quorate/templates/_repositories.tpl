{{- /* The flags that name the only repository, and how its host is spoken to. */}}
{{- define "quorate.repository" -}}
{{- $keys := .Values.credentials.keys }}
{{- $files := "/etc/quorate/credentials" }}
- {{ printf "--repo=%s" .Values.repository.url | quote }}
{{- if .Values.repository.tag }}
- {{ printf "--tag=%s" .Values.repository.tag | quote }}
{{- else if .Values.repository.commit }}
- {{ printf "--commit=%s" .Values.repository.commit | quote }}
{{- else }}
- {{ printf "--branch=%s" .Values.repository.branch | quote }}
{{- end }}
{{- with .Values.repository.path }}
- {{ printf "--path=%s" . | quote }}
{{- end }}
{{- with .Values.host.kind }}
- {{ printf "--host=%s" . | quote }}
{{- end }}
{{- with .Values.host.url }}
- {{ printf "--host-url=%s" . | quote }}
{{- end }}
{{- if .Values.host.app.id }}
- {{ printf "--host-app-id=%d" (int64 .Values.host.app.id) | quote }}
- {{ printf "--host-app-installation=%d" (int64 .Values.host.app.installation) | quote }}
- {{ printf "--host-app-key-file=%s/%s" $files $keys.appKey | quote }}
{{- end }}
{{- with $keys.hostToken }}
- {{ printf "--host-token-file=%s/%s" $files . | quote }}
{{- end }}
{{- with $keys.sshKey }}
- {{ printf "--ssh-key=%s/%s" $files . | quote }}
{{- end }}
{{- with $keys.sshPassphrase }}
- {{ printf "--ssh-passphrase-file=%s/%s" $files . | quote }}
{{- end }}
{{- if .Values.webhook.enabled }}
- {{ printf "--webhook-secret-file=%s/%s" $files $keys.webhookSecret | quote }}
{{- end }}
{{- end }}

{{- /* Where the credentials of one of several repositories are. */}}
{{- define "quorate.folder" -}}
/etc/quorate/repositories/{{ .name }}
{{- end }}

{{- /* The file that lists several repositories: see docs/watching.md. */}}
{{- define "quorate.repositories" -}}
{{- $all := list }}
{{- range $r := .Values.repositories }}
{{- $files := include "quorate.folder" $r }}
{{- $keys := dig "credentials" "keys" dict $r }}
{{- $entry := pick $r "name" "url" "branch" "tag" "commit" "path" "trustedCommit" "clusters" }}
{{- $git := dict }}
{{- range $key, $field := dict "gitToken" "tokenFile" "sshKey" "sshKeyFile" "sshPassphrase" "sshPassphraseFile" }}
{{- with get $keys $key }}{{ $_ := set $git $field (printf "%s/%s" $files .) }}{{ end }}
{{- end }}
{{- with $keys.knownHosts }}{{ $_ := set $git "knownHostsFiles" (list (printf "%s/%s" $files .)) }}{{ end }}
{{- $host := pick (dig "host" dict $r) "kind" "url" }}
{{- with $keys.hostToken }}{{ $_ := set $host "tokenFile" (printf "%s/%s" $files .) }}{{ end }}
{{- with dig "host" "app" dict $r }}
{{- $_ := set $host "app" (dict "id" (int64 .id) "installation" (int64 .installation) "keyFile" (printf "%s/%s" $files $keys.appKey)) }}
{{- end }}
{{- with $git }}{{ $_ := set $entry "git" . }}{{ end }}
{{- with $host }}{{ $_ := set $entry "host" . }}{{ end }}
{{- with $keys.webhookSecret }}{{ $_ := set $entry "webhookSecretFile" (printf "%s/%s" $files .) }}{{ end }}
{{- $all = append $all $entry }}
{{- end }}
{{- dict "apiVersion" "quorate.dev/v1" "kind" "Repositories" "repositories" $all | toYaml }}
{{- end }}
