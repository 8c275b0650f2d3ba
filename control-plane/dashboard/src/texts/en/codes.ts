/** Words of the API in words of people. */
export const codes = {
  severity: { critical: "Critical", major: "Major", minor: "Minor", info: "Info" },
  alertState: { open: "Open", acknowledged: "Acknowledged", closed: "Closed" },
  callStatus: {
    queued: "Waiting",
    calling: "Calling",
    answered: "Answered",
    acknowledged: "Acknowledged",
    exhausted: "Nobody reached",
    expired: "Expired",
    cancelled: "Cancelled",
    blocked: "Held back",
  },
  attemptStatus: {
    initiated: "Order sent",
    placed: "Ringing",
    answered: "Answered",
    acknowledged: "Acknowledged",
    busy: "Busy",
    no_answer: "No answer",
    rejected: "Rejected",
    failed: "Failed",
    refused: "Refused",
    expired: "Expired",
    cancelled: "Cancelled",
  },
  role: { owner: "Owner", admin: "Admin", member: "Member", viewer: "Viewer" },
};
