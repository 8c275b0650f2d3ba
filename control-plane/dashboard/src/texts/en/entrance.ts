/** Signing in and up, and the pages that letters link to. */
export const entrance = {
  signIn: { title: "Sign in to CallPing", none: "No account yet?", forgotten: "Forgotten your password?" },
};
