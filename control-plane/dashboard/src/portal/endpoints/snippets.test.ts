import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { alertmanager, curl, grafana, quoted } from "./snippets";

const url = "https://cp.example.com/api/wh/6c1f6f1e-0000-4000-8000-000000000001";

/** The words that a shell makes of a command. */
function words(command: string): string[] {
  const script = command.replace(/^curl/, "printf '%s\\n'");
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).trimEnd().split("\n");
}

test("a shell takes the command as it is meant, whatever the key holds", () => {
  for (const key of ["simple", `it's "$HOME" \`id\` \\ !`]) {
    const said = words(curl({ url, key }));
    expect(said).toContain(`X-Alert-Key: ${key}`);
    expect(said.at(-1)).toBe(url);
    expect(JSON.parse(said[said.indexOf("-d") + 1] ?? "")).toMatchObject({ severity: "critical" });
  }
  expect(quoted("a'b")).toBe(`'a'\\''b'`);
});

test("a key that is not known any more has a place, and none is asked for where there is none", () => {
  expect(curl({ url })).not.toContain("X-Alert-Key");
  expect(curl({ url, key: null })).toContain("X-Alert-Key: ALERT_KEY");
  expect(alertmanager({ url })).not.toContain("X-Alert-Key");
  expect(alertmanager({ url, key: 'a"b' })).toContain('secrets: ["a\\"b"]');
  expect(grafana({ url })).toContain(`url: "${url}"`);
});
