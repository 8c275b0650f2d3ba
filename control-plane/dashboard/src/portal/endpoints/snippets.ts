/** What people paste into their monitoring. */

/** Stands where somebody puts their alert key: it is kept as a hash. */
const KEY = "ALERT_KEY";

export interface Target {
  url: string;
  /** The key, where it was set a moment ago; null where it is not known any more, undefined where there is none. */
  key?: string | null;
}

const keyOf = ({ key }: Target) => (key === undefined ? null : (key ?? KEY));

/** A word of a POSIX shell, whatever it holds. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A text of YAML, and of JSON: the former holds the latter. */
const text = (value: string) => JSON.stringify(value);

export function curl(target: Target): string {
  const key = keyOf(target);
  return [
    "curl --fail-with-body",
    "-H 'Content-Type: application/json'",
    ...(key === null ? [] : [`-H ${quoted(`X-Alert-Key: ${key}`)}`]),
    `-d '{"severity":"critical","message":"db-1 is down","dedup_key":"db-1"}'`,
    quoted(target.url),
  ].join(" \\\n  ");
}

export function alertmanager(target: Target): string {
  const key = keyOf(target);
  const lines = [
    "receivers:",
    "  - name: callping",
    "    webhook_configs:",
    `      - url: ${text(target.url)}`,
    "        send_resolved: true",
  ];
  if (key !== null) {
    lines.push(
      "        http_config:",
      "          http_headers:",
      "            X-Alert-Key:",
      `              secrets: [${text(key)}]`,
    );
  }
  return lines.join("\n");
}

export function grafana({ url }: Target): string {
  return [
    "apiVersion: 1",
    "contactPoints:",
    "  - orgId: 1",
    "    name: CallPing",
    "    receivers:",
    "      - uid: callping",
    "        type: webhook",
    "        settings:",
    `          url: ${text(url)}`,
    "          httpMethod: POST",
  ].join("\n");
}

/** A body with the templates of Uptime Kuma (Liquid); a test message of it comes without a heartbeat. */
export function body(): string {
  return `{
  "status": "{% if heartbeatJSON.status == 1 %}ok{% else %}critical{% endif %}",
  "message": {{ msg | json }},
  "dedup_key": "kuma-{{ monitorJSON.id }}"
}`;
}
