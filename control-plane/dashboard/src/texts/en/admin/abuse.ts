/** What may be misuse, in words. */
export const abuse = {
  since: "Since",
  why: "Why",
  calls: "Calls",
  whose: "Whose",
  what: "What was tried",
  count: "Tries",
  country: "Country",
  verified: "Verified",
  share: "Share",
  nothing: "Nothing of the kind",
  toAudit: "Who it was",
  reused: {
    title: "Sessions with a copied token",
    hint: "A refresh token was shown twice: somebody may have copied it. The session ended by itself. Where it is one person again and again, end all of their sessions.",
  },
  failures: {
    title: "Accounts with many failed sign-ins",
    hint: "Somebody guesses passwords, or a person forgot theirs. Their owner got a letter.",
  },
  blocked: {
    title: "Calls held back",
    hint: "Countries that are not allowed and premium-rate numbers in plenty are how calls are stolen for money; “too many calls” is rather a monitoring system that has lost its head. Talk to the organization first.",
  },
  verifications: {
    title: "Verification calls by country",
    hint: "Many calls whose code nobody types in, to a country without customers: somebody is paid for the traffic. Take the country out of the trunks’ route_countries.",
  },
  tries: {
    title: "Near their limit",
    hint: "Sign-ins, resets and the like that were tried so often that they will soon be refused for a while. One network for many accounts is an attack; one account is mostly a person.",
  },
  busiest: {
    title: "Most calls",
    hint: "Not wrong by itself. Look twice at an organization that is new or was quiet until yesterday.",
  },
};
