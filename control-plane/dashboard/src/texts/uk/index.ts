import type { english } from "../en";
import type { Translated } from "../translated";
import { account } from "./account";
import { alerts } from "./alerts";
import { audit } from "./audit";
import { calls } from "./calls";
import { codes } from "./codes";
import { common } from "./common";
import { endpoints } from "./endpoints";
import { entrance } from "./entrance";
import { figures } from "./figures";
import { keys } from "./keys";
import { projects } from "./projects";
import { scenarios } from "./scenarios";
import { settings } from "./settings";
import { shell } from "./shell";
import { team } from "./team";
import { welcome } from "./welcome";

/** Everything that is said in Ukrainian, what only operators read aside. */
export const ukrainian: Translated<typeof english> = {
  common,
  welcome,
  figures,
  calls,
  alerts,
  codes,
  entrance,
  settings,
  audit,
  keys,
  team,
  account,
  shell,
  endpoints,
  projects,
  scenarios,
};
