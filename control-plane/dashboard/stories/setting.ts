/** Starts `lab stage` before the first story and ends it after the last. With `STAGE` set one that runs is used. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { target } from "./target";

export default async function setting(): Promise<(() => Promise<void>) | undefined> {
  if (process.env["STAGE"]) {
    return undefined;
  }
  const program = `${target}/debug/lab`;
  if (!existsSync(program)) {
    throw new Error(`there is no ${program}: build it with \`cargo build --workspace --bins\``);
  }
  const lab = spawn(program, ["stage"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(lab, "exit");
  const failed = ended.then(([code]) => {
    throw new Error(`\`lab stage\` ended with ${code} before it was ready`);
  });
  const [place] = await Promise.race([once(createInterface(lab.stdout), "line"), failed]);
  failed.catch(() => undefined);
  process.env["STAGE"] = place;
  return async () => {
    // It ends when nobody is there any more.
    lab.stdin.end();
    await ended;
  };
}
