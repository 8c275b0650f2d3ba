/** Signing in and up, and the pages that letters link to. */
export const entrance = {
  signIn: {
    title: "Sign in to CallPing",
    none: "No account yet?",
    forgotten: "Forgotten your password?",
    up: "Sign up",
  },
  signUp: {
    title: "Sign up",
    hint: "An account is free of obligations: a phone rings for alerts only once you have verified it.",
    name: "Your name",
    nameHint: "What others of your organization call you. You can change it later.",
    passwordHint: "At least 12 characters. Several words that have nothing to do with each other are best.",
    go: "Create the account",
    already: "You have an account?",
    joins:
      "You have been invited to {{organization}}. Sign up with {{email}}: the invitation can be taken with this address alone.",
  },
  mail: {
    title: "Look into your mail",
    signUp:
      "A letter is on its way to {{email}}. Open its link within 24 hours and type your password in once more: then the account is yours.",
    reset: "If {{email}} has an account, a letter is on its way there. Its link is good for 60 minutes.",
    nothing: "Nothing there after some minutes? Look into the spam folder, or have the letter sent again.",
    again: "Send the letter again",
    sentAgain: "Another letter is on its way. The newest link counts.",
    other: "Use another address",
    invited: "Once you have opened the link, come back to this tab: the invitation to {{organization}} waits here.",
    confirmed: "I have confirmed my address",
    notYet: "Nobody is signed in yet in this browser. Open the link of the letter first, or sign in here.",
  },
  verify: {
    title: "Confirm your address",
    hint: "Type in the password that you chose when you signed up. So nobody gets an account by your address who does not know it.",
    go: "Confirm and go on",
    wrong:
      "This is not the password that was chosen with this link. If you signed up several times, each letter belongs to the password of its sign-up.",
  },
  forgotten: {
    title: "Forgotten your password",
    hint: "We send you a link by which you set a new one. Your second factor stays as it is.",
    go: "Send me the link",
    back: "Back to signing in",
  },
  reset: {
    title: "Set a new password",
    hint: "Whoever is signed in to your account, on whatever device, has to sign in again.",
    password: "New password",
    go: "Set the password",
    done: "The password is set",
    doneHint: "Every session was ended. Sign in with the new password.",
  },
  confirm: {
    title: "Confirm your new address",
    hint: "From then on you sign in with the address that this letter went to, and letters go there.",
    go: "Confirm the address",
    done: "Your address is changed",
    doneHint: "Sign in with the new one from now on.",
    open: "Go to your profile",
  },
  void: {
    title: "This link opens nothing any more",
    missing: "This link is not whole",
    missingHint:
      "The address of this page lacks its secret part. Open the link in the letter itself, or copy all of it, up to the end.",
    signUp:
      "It was used already, or is older than 24 hours. If you have confirmed your address, sign in; otherwise sign up again and a new letter comes.",
    reset: "It was used already, or is older than 60 minutes. Have a new one sent to you.",
    confirm: "It was used already, or is older than 60 minutes. Ask for the change again in your profile.",
    invite:
      "It was used, revoked or replaced by a newer letter, or is older than seven days. Ask whoever invited you to send it again.",
    taken: "Meanwhile this address belongs to an account",
    takenHint: "Sign in with it, or set a new password if you do not know it.",
  },
  invite: {
    title: "Invitation to {{organization}}",
    loading: "Invitation",
    text: "You are invited to {{organization}} as {{role}}.",
    until: "The invitation is good until {{time}}.",
    for: "It is for {{email}}.",
    who: "Sign in with the account of this address, or sign up with it. You come back here by yourself.",
    signIn: "I have an account",
    signUp: "I am new here",
    accept: "Join {{organization}}",
    as: "You are signed in as {{email}}.",
    later: "Not now",
    joined: "You belong to {{organization}} now",
    member: "You belong to {{organization}} already.",
    open: "Open CallPing",
    wrong: "This invitation is for somebody else",
    wrongHint:
      "It is for {{invited}}, and you are signed in as {{email}}. Sign out, and sign in with the account of the invited address; or ask for an invitation to yours.",
  },
};
