import type { english } from "../en";
import type { Translated } from "../translated";
import { admin } from "./admin";
import { codes } from "./codes";
import { common } from "./common";
import { endpoints } from "./endpoints";
import { entrance } from "./entrance";
import { projects } from "./projects";
import { scenarios } from "./scenarios";
import { shell } from "./shell";

/** Everything that is said in Ukrainian. */
export const ukrainian: Translated<typeof english> = {
  common,
  admin,
  codes,
  entrance,
  shell,
  endpoints,
  projects,
  scenarios,
};
