import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { problems, SPECIFIC } from "./uk/problems";

/** What agents alone meet when they enrol and connect. */
const OF_AGENTS =
  /^(bad_enrolment|too_many_failures|too_many_handshakes|(unknown|expired|used)_token|wrong_pbx|revoked_key|bad_proof|not_a_websocket|websocket_.*|subprotocol)$/;

test("every problem that a person may meet is said in Ukrainian", () => {
  const kinds = readFileSync(new URL("../../../src/web/problem/kind.rs", import.meta.url), "utf8");
  const codes = [...kinds.matchAll(/^ {4}\w+ = "(\w+)",/gm)].map((match) => match[1] ?? "");
  expect(codes.length).toBeGreaterThan(60);
  const untold = codes.filter((code) => !OF_AGENTS.test(code) && !problems[code]);
  expect(untold).toEqual([]);
  for (const code of SPECIFIC) {
    expect(codes).toContain(code);
  }
});
