import type { rest as english } from "../en/rest";
import type { Translated } from "../translated";
import { account } from "./account";
import { audit } from "./audit";
import { calls } from "./calls";
import { causes } from "./causes";
import { deeds } from "./deeds";
import { endpoints } from "./endpoints";
import { figures } from "./figures";
import { keys } from "./keys";
import { projects } from "./projects";
import { scenarios } from "./scenarios";
import { settings } from "./settings";
import { team } from "./team";
import { welcome } from "./welcome";

/** What other pages say. */
export const rest: Translated<typeof english> = {
  welcome,
  figures,
  calls,
  codes: { ...causes, deeds },
  settings,
  audit,
  keys,
  team,
  account,
  endpoints,
  projects,
  scenarios,
};
