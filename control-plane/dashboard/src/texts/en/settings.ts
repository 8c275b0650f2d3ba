/** An organization as a whole. */
export const settings = {
  about: "About the organization",
  readOnly: "Owners and admins can change this.",
  name: "Name",
  slug: "Short name",
  slugHint: "Part of the address of its pages: lower-case letters, digits and dashes.",
  slugBad: "Only lower-case letters a–z, digits and dashes.",
  slugWarning:
    "The addresses of its pages change to {{path}}: links and bookmarks to the old ones lead nowhere, and programs that name the organization have to name it anew. Webhook URLs stay.",
  slugTaken: "This short name is taken. Choose another one.",
  timezone: "Time zone",
  timezoneHint:
    "Pages show times in the zone of whoever looks; this one’s too on hover. Schedules and rules go by it.",
  saved: "Saved",
  leave: "Leave the organization",
  leaveHint: "You see nothing of it any more, and its alerts do not ring you.",
  delete: "Delete the organization",
  deleteHint:
    "Its webhook URLs take nothing in any more, its keys open nothing, and nobody belongs to it. It cannot be undone.",
  deleteGo: "Delete {{organization}}",
  deleteTitle: "Delete {{organization}}?",
  deleteLost: "Lost are:",
  lost: {
    projects: "all projects with their scenarios, and every webhook URL: machines that still send get an error",
    keys: "all API keys: programs get no further",
    members: "all memberships and invitations",
    history: "every page of alerts, calls and the audit log",
  },
  deleteType: "Type the short name to confirm: {{slug}}",
  liveAlerts: "Alerts are open. Take or close them first: whoever sent them waits for somebody.",
  toAlerts: "To the open alerts",
  deleted: "{{organization}} is deleted",
};
