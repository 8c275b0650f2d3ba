import { alerts } from "./alerts";
import { codes } from "./codes";
import { common } from "./common";
import { entrance } from "./entrance";
import { shell } from "./shell";

/** What the pages say that are opened first. */
export const first = { common, shell, entrance, alerts, codes };
