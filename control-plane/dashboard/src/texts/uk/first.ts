import type { first as english } from "../en/first";
import type { Translated } from "../translated";
import { alerts } from "./alerts";
import { codes } from "./codes";
import { common } from "./common";
import { entrance } from "./entrance";
import { shell } from "./shell";

/** What the pages say that are opened first. */
export const first: Translated<typeof english> = { common, shell, entrance, alerts, codes };
