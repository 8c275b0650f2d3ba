import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "../ui/failure";
import { Loading } from "../ui/page";

/** What was read; what was read last, where it cannot be read any more (the header says so). */
export function Shown<T>({
  asked,
  rows = 6,
  children,
}: {
  asked: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (asked.data !== undefined) {
    return children(asked.data);
  }
  return asked.error ? <Failure error={asked.error} retry={() => void asked.refetch()} /> : <Loading rows={rows} />;
}
