import { expect, test } from "vitest";
import { byHand, group, hosts, playbook, yaml } from "./lines";

const pbx = { id: "1", name: "pbx-4", region: "eu" };

test("what YAML would read as something else stands in quotes", () => {
  expect(["eu", "pbx-1.kyiv_2"].map(yaml)).toEqual(["eu", "pbx-1.kyiv_2"]);
  expect(["no", "12", "a: b", 'Zürich "west"', "https://alerts.example.com"].map(yaml)).toEqual([
    '"no"',
    '"12"',
    '"a: b"',
    '"Zürich \\"west\\""',
    '"https://alerts.example.com"',
  ]);
});

test("the lines name this host, its region and this control plane", () => {
  expect(hosts(pbx)).toContain("pbx-4:\n          ansible_host: 192.0.2.21\n          pbx_agent_region: eu");
  expect(hosts({ ...pbx, region: "" })).not.toContain("region");
  expect(group("https://alerts.example.com")).toContain('pbx_agent_control_plane_url: "https://alerts.example.com"');
  expect(playbook(pbx, false)).toContain("playbooks/site.yml");
  expect(playbook(pbx, false)).toContain("--limit pbx-4");
  expect(playbook(pbx, true)).toContain("playbooks/rotate_keys.yml --tags agent_keys");
});

test("a host that was let in before makes a new key", () => {
  expect(byHand("https://alerts.example.com", true)).toContain("--new-key");
  expect(byHand("https://alerts.example.com", false)).not.toContain("--new-key");
});
