/** Calls that are not over, and what waits. */
export const calls = {
  since: "Made",
  severity: "Severity",
  organization: "Organization",
  number: "Number",
  state: "State",
  over: "Trunk",
  ends: "Given up",
  next: "Next try",
  due: "Goes next",
  none: "No call is under way",
  noneHint: "Calls are here from the request until somebody was reached or the time is over.",
};

export const queue = {
  queued: "Waiting",
  calling: "Being called",
  oldest: "Waits longest",
  oldestHint: "since it was made",
  long: "Longer than a minute: see below what they wait for",
  bySeverity: "Waiting, by severity",
  byReason: "Waiting, by what for",
  byOrganization: "Waiting, by organization",
  noReason: "Its turn",
  nothing: "Nothing waits",
  andCalling_one: "{{count}} being called",
  andCalling_other: "{{count}} being called",
};
