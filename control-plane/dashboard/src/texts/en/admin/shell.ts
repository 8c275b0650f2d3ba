/** What stands around the pages of operators. */
export const shell = {
  badge: "Admin",
  fleet: "Fleet",
  calls: "Live calls",
  organizations: "Organizations",
  accounts: "Accounts",
  abuse: "Signs of abuse",
  doNotCall: "Do-not-call list",
  letters: "Letters",
  incidents: "Incidents",
  audit: "Audit log",
  portal: "To the portal",
  status: "Status page",
  signedInAs: "Signed in as {{name}}",
};

export const signIn = {
  title: "Admin panel",
  hint: "For the operators of this installation. A second factor is required, and this sign-in is separate from the portal’s.",
  portal: "To the portal",
  noOperator: "This account cannot enter yet",
  setUp:
    "Operators need a second factor. If you have none, sign in to the portal first, set it up under Security, and come back.",
  toSecurity: "Set up the second factor in the portal",
  make: "If you have one, this account is not an operator: on the control plane’s host, the command “control-plane operator ADDRESS” makes it one.",
};
