import { abuse } from "./abuse";
import { calls, queue } from "./calls";
import { enrol } from "./enrol";
import { fleet } from "./fleet";
import { incidents } from "./incidents";
import { doNotCall, letters } from "./lists";
import { accounts, audit, organizations } from "./people";
import { shell, signIn } from "./shell";

/** The admin panel, for operators. */
export const admin = {
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
  nothingFound: "Nothing is like this",
  deeds: "What can be done",
};
