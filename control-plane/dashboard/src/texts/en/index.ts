import { admin } from "./admin";
import { codes } from "./codes";
import { common } from "./common";
import { endpoints } from "./endpoints";
import { entrance } from "./entrance";
import { projects } from "./projects";
import { scenarios } from "./scenarios";
import { shell } from "./shell";

/** Everything that is said in English. */
export const english = { common, admin, codes, entrance, shell, endpoints, projects, scenarios };
