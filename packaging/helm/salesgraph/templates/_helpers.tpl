{{- define "salesgraph.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* At most 52 characters: the name of a CronJob. */}}
{{- define "salesgraph.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- else if contains (include "salesgraph.name" .) .Release.Name }}
{{- .Release.Name | trunc 44 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "salesgraph.name" .) | trunc 44 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "salesgraph.selector" -}}
app.kubernetes.io/name: {{ include "salesgraph.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "salesgraph.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "salesgraph.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "salesgraph.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "salesgraph.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "salesgraph.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "salesgraph.secret" -}}
{{- default (include "salesgraph.fullname" .) .Values.secret.existingSecret }}
{{- end }}

{{- define "salesgraph.config" -}}
{{- range $name, $value := .Values.config }}
{{- if not (kindIs "invalid" $value) }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Of the probes: a server with a certificate speaks nothing else. */}}
{{- define "salesgraph.scheme" -}}
{{- if .Values.config.HTTP_TLS_CERT }}HTTPS{{ else }}HTTP{{ end }}
{{- end }}

{{- define "salesgraph.podMetadata" -}}
annotations:
  checksum/config: {{ include "salesgraph.config" . | sha256sum }}
  checksum/secret: {{ toJson .Values.secret | sha256sum }}
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What all pods have in common. */}}
{{- define "salesgraph.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "salesgraph.container" -}}
image: {{ include "salesgraph.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "salesgraph.envFrom" -}}
envFrom:
  - configMapRef:
      name: {{ include "salesgraph.fullname" . }}
  - secretRef:
      name: {{ include "salesgraph.secret" . }}
{{- end }}
