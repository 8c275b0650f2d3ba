import type { admin as english } from "../../en/admin";
import type { Translated } from "../../translated";
import { abuse } from "./abuse";
import { calls, queue } from "./calls";
import { enrol } from "./enrol";
import { fleet } from "./fleet";
import { incidents } from "./incidents";
import { doNotCall, letters } from "./lists";
import { accounts, audit, organizations } from "./people";
import { shell, signIn } from "./shell";

export const admin: Translated<typeof english> = {
  shell,
  signIn,
  fleet,
  enrol,
  calls,
  queue,
  organizations,
  accounts,
  abuse,
  doNotCall,
  letters,
  incidents,
  audit,
  nothingFound: "Нічого такого немає",
  deeds: "Що можна зробити",
};
