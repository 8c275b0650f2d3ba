import { expect, test } from "vitest";
import type { PbxView, TrunkView } from "../../api/schema";
import { byRegion, conditionOf, isProblem, versionsOf } from "./order";

const trunk = (differs: Partial<TrunkView> = {}): TrunkView => ({
  name: "trunk-a",
  online: true,
  route_countries: ["UA"],
  caller_id: null,
  active: 0,
  max_concurrent: 10,
  standing: "works",
  rested_until: null,
  attempts: 0,
  answered: 0,
  reached: 0,
  failed: 0,
  answer_seizure_ratio: null,
  success_rate: null,
  post_dial_delay_ms: null,
  ...differs,
});

const pbx = (name: string, differs: Partial<PbxView> = {}): PbxView => ({
  id: name,
  name,
  health: "healthy",
  region: "eu",
  created_at: "2026-11-01T00:00:00Z",
  enrolled_at: "2026-11-01T00:00:00Z",
  revoked: false,
  drained_at: null,
  agent_version: "0.1.0",
  connected_at: "2026-11-01T00:00:00Z",
  asterisk: "20.6.0",
  trouble: null,
  active: 0,
  speaks_codes: true,
  trunks: [trunk()],
  ...differs,
});

test("what fails is a problem, and what somebody wanted so is none", () => {
  expect(conditionOf(pbx("a", { health: "offline" }))).toBe("offline");
  expect(conditionOf(pbx("a", { health: "offline", revoked: true }))).toBe("waiting");
  expect(conditionOf(pbx("a", { health: "offline", enrolled_at: null }))).toBe("waiting");
  expect(conditionOf(pbx("a", { trunks: [trunk({ online: false })] }))).toBe("trunks");
  expect(isProblem(pbx("a", { trunks: [trunk({ standing: "resting" })] }))).toBe(true);
  const rests = trunk({ standing: "resting", rested_until: "2026-11-02T00:00:00Z" });
  expect(isProblem(pbx("a", { trunks: [rests] }))).toBe(false);
  expect(isProblem(pbx("a", { health: "draining" }))).toBe(false);
});

test("a poor rate counts once there are enough attempts", () => {
  const poor = (reached: number, failed: number) =>
    isProblem(pbx("a", { trunks: [trunk({ reached, failed, success_rate: reached / (reached + failed) })] }));
  expect(poor(1, 1)).toBe(false);
  expect(poor(15, 5)).toBe(true);
  expect(poor(19, 1)).toBe(false);
});

test("the worst region and the worst PBX come first, others by name as people count", () => {
  const regions = byRegion([
    pbx("eu-10"),
    pbx("eu-2"),
    pbx("us-1", { region: "us" }),
    pbx("us-2", { region: "us", health: "offline" }),
    pbx("ap-1", { region: "ap" }),
  ]);
  expect(regions.map(({ name, problems }) => [name, problems])).toEqual([
    ["us", 1],
    ["ap", 0],
    ["eu", 0],
  ]);
  expect(regions[0]?.pbxs.map(({ name }) => name)).toEqual(["us-2", "us-1"]);
  expect(regions[2]?.pbxs.map(({ name }) => name)).toEqual(["eu-2", "eu-10"]);
});

test("versions are counted, the newest first", () => {
  const fleet = ["0.9.0", "0.10.0", "0.9.0", null].map((version, index) =>
    pbx(`${index}`, { agent_version: version }),
  );
  expect(versionsOf(fleet)).toEqual([
    ["0.10.0", 1],
    ["0.9.0", 2],
  ]);
});
