import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Change } from "./change";
import { follow, type Line } from "./stream";

/** The browser's, as far as it is used; the test is the other side. */
class Source extends EventTarget {
  static readonly CLOSED = 2;
  static opened: Source[] = [];
  readyState = 0;
  isClosed = false;

  constructor(readonly url: string) {
    super();
    Source.opened.push(this);
  }

  close() {
    this.isClosed = true;
  }

  says(type: string, data: unknown = {}) {
    this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }));
  }

  /** What a browser does with any answer that is no stream. */
  isRefused() {
    this.readyState = Source.CLOSED;
    this.says("error");
  }
}

const page = new EventTarget();
const listener = {
  lines: [] as Line[],
  changes: [] as (Change | null)[],
  line: (line: Line) => void listener.lines.push(line),
  changed: (change: Change | null) => void listener.changes.push(change),
  isKnown: vi.fn(async () => true),
  mayLook: vi.fn(async () => true),
  isCrowded: vi.fn(async () => false),
};
const newest = () => {
  const source = Source.opened.at(-1);
  if (!source) {
    throw new Error("nothing was opened");
  }
  return source;
};
let stop = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  Source.opened = [];
  listener.lines = [];
  listener.changes = [];
  listener.isKnown.mockReset().mockResolvedValue(true);
  listener.mayLook.mockReset().mockResolvedValue(true);
  listener.isCrowded.mockReset().mockResolvedValue(false);
  stop = follow("acme & co", listener);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("says that it is live, and passes on what changes and what was missed", () => {
  expect(newest().url).toBe("/api/v1/events?org=acme%20%26%20co");
  newest().says("hello");
  const change: Change = { kind: "call", id: "c1", project_id: "p1", alert_id: "a1" };
  newest().says("change", change);
  newest().says("resync");
  expect(listener.lines).toEqual(["live"]);
  expect(listener.changes).toEqual([null, change, null]);
});

test("where the control plane stops it says so, and comes back after longer and longer pauses", async () => {
  newest().says("hello");
  newest().says("bye", { why: "stopping" });
  expect(newest().isClosed).toBe(true);
  expect(listener.lines.at(-1)).toBe("connecting");
  for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const opened = Source.opened.length;
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(Source.opened).toHaveLength(opened);
    await vi.advanceTimersByTimeAsync(1);
    expect(Source.opened).toHaveLength(opened + 1);
    newest().says("error");
  }
  await vi.advanceTimersByTimeAsync(30_000);
  newest().says("hello");
  expect(listener.lines.at(-1)).toBe("live");
  newest().says("error");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Source.opened.filter(({ isClosed }) => !isClosed)).toEqual([newest()]);
});

test("where one line after the other is refused it asks whether one may look at all, and stops where not", async () => {
  newest().says("error");
  await vi.advanceTimersByTimeAsync(1_000);
  newest().says("error");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(listener.mayLook).not.toHaveBeenCalled();
  listener.mayLook.mockResolvedValueOnce(false);
  newest().says("error");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(listener.mayLook).toHaveBeenCalledOnce();
  expect(Source.opened).toHaveLength(3);
  expect(listener.lines.at(-1)).toBe("over");
});

test("a line that is open and silent is dead, and opened anew; a pulse keeps it", async () => {
  newest().says("hello");
  for (let pulse = 0; pulse < 10; pulse++) {
    await vi.advanceTimersByTimeAsync(15_000);
    newest().says("pulse");
  }
  expect(Source.opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(40_000);
  expect(Source.opened).toHaveLength(2);
  expect(Source.opened[0]?.isClosed).toBe(true);
  expect(listener.lines.at(-1)).toBe("connecting");
});

test("after a sleep, in which timers stand still, it is looked at at once", () => {
  newest().says("hello");
  page.dispatchEvent(new Event("visibilitychange"));
  expect(Source.opened).toHaveLength(1);
  vi.setSystemTime(Date.now() + 60_000);
  page.dispatchEvent(new Event("visibilitychange"));
  expect(Source.opened).toHaveLength(2);
});

test("while nobody answers who it is, nothing is opened", async () => {
  listener.isKnown.mockRejectedValueOnce(new Error("unreachable"));
  newest().says("error");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Source.opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(Source.opened).toHaveLength(2);
});

test("where the session is over it asks who it is, at once, and goes on with whoever may look", async () => {
  let answer = (_: boolean) => {};
  listener.mayLook.mockReturnValueOnce(new Promise((known) => (answer = known)));
  newest().says("hello");
  newest().says("bye", { why: "over" });
  expect(newest().isClosed).toBe(true);
  expect(listener.mayLook).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Source.opened).toHaveLength(1);
  answer(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(Source.opened).toHaveLength(2);
});

test("whoever does not say who they are hears no more, and is told so", async () => {
  listener.mayLook.mockResolvedValueOnce(false);
  newest().says("bye", { why: "over" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Source.opened).toHaveLength(1);
  expect(listener.lines.at(-1)).toBe("over");
});

test("without a network it says so, and with one it is back at once", async () => {
  page.dispatchEvent(new Event("offline"));
  expect(listener.lines.at(-1)).toBe("offline");
  page.dispatchEvent(new Event("online"));
  expect(Source.opened).toHaveLength(2);
  expect(Source.opened[0]?.isClosed).toBe(true);
});

test("where too many listen it says so until it is let in, and knocks seldom", async () => {
  listener.isCrowded.mockResolvedValue(true);
  newest().isRefused();
  await vi.advanceTimersByTimeAsync(0);
  expect(listener.lines).toEqual(["connecting", "crowded"]);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(Source.opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(Source.opened).toHaveLength(2);
  newest().isRefused();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(new Set(listener.lines.slice(1))).toEqual(new Set(["crowded"]));
  newest().says("hello");
  expect(listener.lines.at(-1)).toBe("live");
  newest().says("error");
  expect(listener.lines.at(-1)).toBe("connecting");
});

test("why a line was not opened is asked where one was refused, and what is no crowd any more is not called one", async () => {
  newest().says("error");
  expect(listener.isCrowded).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  listener.isCrowded.mockResolvedValueOnce(true).mockRejectedValueOnce(new Error("unreachable"));
  newest().isRefused();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(listener.lines.at(-1)).toBe("crowded");
  newest().isRefused();
  await vi.advanceTimersByTimeAsync(0);
  expect(listener.lines.at(-1)).toBe("connecting");
  const before = Source.opened.length;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Source.opened.length, "it knocks soon where there may be room").toBe(before + 1);
});

test("nothing is opened after the page is left", async () => {
  newest().says("error");
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Source.opened).toHaveLength(1);
  expect(newest().isClosed).toBe(true);
});
