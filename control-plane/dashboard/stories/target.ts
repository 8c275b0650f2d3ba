/** Where cargo's programs are, and where what the stories leave goes. */
import { resolve } from "node:path";

export const target = resolve(process.env["CARGO_TARGET_DIR"] ?? resolve(import.meta.dirname, "../../../target"));
