import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inRounds } from "./rounds";

let ends: (() => void)[] = [];
const read = vi.fn((_: string[], __: boolean) => new Promise<void>((end) => ends.push(end)));
const make = () => inRounds<string>(read, { gathering: 250, longest: 10_000 });

beforeEach(() => {
  vi.useFakeTimers();
  ends = [];
  read.mockClear();
});

afterEach(() => {
  vi.useRealTimers();
});

test("what comes within a moment is read once", async () => {
  const rounds = make();
  rounds.add("a");
  rounds.add("b");
  expect(read).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(250);
  expect(read.mock.calls).toEqual([[["a", "b"], false]]);
});

test("in a storm a round ends before the next one begins, which has all that came meanwhile", async () => {
  const rounds = make();
  rounds.add("a");
  await vi.advanceTimersByTimeAsync(250);
  for (const change of ["b", "c", "d"]) {
    rounds.add(change);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(read).toHaveBeenCalledOnce();
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(250);
  expect(read.mock.calls[1]).toEqual([["b", "c", "d"], false]);
});

test("a round that gets no answer holds up nothing for ever, and its reads are dropped", async () => {
  const rounds = make();
  rounds.add("a");
  await vi.advanceTimersByTimeAsync(250);
  rounds.add("b");
  await vi.advanceTimersByTimeAsync(10_250);
  expect(read.mock.calls[1]).toEqual([["b"], true]);
});

test("a round that fails is over", async () => {
  read.mockRejectedValueOnce(new Error("unreachable"));
  const rounds = make();
  rounds.add("a");
  await vi.advanceTimersByTimeAsync(250);
  rounds.add("b");
  await vi.advanceTimersByTimeAsync(250);
  expect(read).toHaveBeenCalledTimes(2);
});

test("nothing is read after it was stopped", async () => {
  const rounds = make();
  rounds.add("a");
  rounds.stop();
  rounds.add("b");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(read).not.toHaveBeenCalled();
});
