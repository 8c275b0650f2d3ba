import { codes } from "./codes";
import { common } from "./common";
import { entrance } from "./entrance";
import { shell } from "./shell";

/** Everything that is said in English. */
export const english = { common, codes, entrance, shell };
