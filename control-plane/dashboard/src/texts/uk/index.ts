import type { english } from "../en";
import type { Translated } from "../translated";
import { codes } from "./codes";
import { common } from "./common";
import { entrance } from "./entrance";
import { shell } from "./shell";

/** Everything that is said in Ukrainian. */
export const ukrainian: Translated<typeof english> = { common, codes, entrance, shell };
