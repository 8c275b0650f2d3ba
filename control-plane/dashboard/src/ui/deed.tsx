import { Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { once } from "../api/client";
import { ApiError } from "../api/problem";
import { wordsOf } from "./failure";

/** Something that a person does: one at a time. Whoever does not prove who they are has changed their mind: that is no failure. */
export function useDeed<Given = void>(does: (given: Given) => Promise<unknown>) {
  const { mutate, isPending, isSuccess, error, reset } = useMutation({ mutationFn: does });
  const failure = error && !(error instanceof ApiError && error.code === "proof_needed") ? error : null;
  return { go: mutate, busy: isPending, done: isSuccess, failure, reset };
}

/** The code of the problem that a deed met. */
export function codeOf(failure: Error | null): string | null {
  return failure instanceof ApiError ? failure.code : null;
}

/** What went wrong, where it went wrong. */
export function Failed({ failure }: { failure: Error | null }) {
  return (
    failure && (
      <Text c="red" size="sm" role="alert">
        {wordsOf(failure)}
      </Text>
    )
  );
}

/** The header that makes repeats of one deed one deed: the same as long as what is asked for is the same. */
export function useOnce(): (body: unknown) => ReturnType<typeof once> {
  const last = useRef<{ body: string; header: ReturnType<typeof once> } | null>(null);
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current?.body !== text) {
      last.current = { body: text, header: once() };
    }
    return last.current.header;
  };
}
