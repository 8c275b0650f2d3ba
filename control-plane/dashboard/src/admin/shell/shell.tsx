import { Outlet } from "@tanstack/react-router";

/** Around every page of an operator. */
export function Shell() {
  return <Outlet />;
}
