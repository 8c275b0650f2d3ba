import { useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/** The secret of a letter's link, which stands after `#`; empty where there is none. It leaves the address bar at once. */
export function useToken(): string {
  const hash = useRouterState({ select: (state) => state.location.hash });
  const [token, setToken] = useState(hash);
  if (hash && hash !== token) {
    // Another link was opened in the same tab.
    setToken(hash);
  }
  useEffect(() => {
    if (hash) {
      history.replaceState(history.state, "", location.pathname + location.search);
    }
  }, [hash]);
  return token;
}
