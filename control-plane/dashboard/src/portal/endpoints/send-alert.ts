/** Sends what a monitoring would send, from here. */
import { useRef } from "react";
import { problemOf, Unreachable } from "../../api/problem";
import type { AcceptedDocument, EndpointDocument } from "../../api/schema";
import { useOnce } from "../../ui/deed";

/** Without cookies, as anybody who knows the URL. As long as no answer has come, the same alert sent again is one alert. */
export function useSendAlert(endpoint: EndpointDocument) {
  const once = useOnce();
  const answered = useRef(0);
  return async (
    body: { message: string; severity?: string; status?: string },
    key = "",
  ): Promise<AcceptedDocument> => {
    const headers = {
      "Content-Type": "application/json",
      ...once({ url: endpoint.url, body, key, after: answered.current }),
      ...(key ? { "X-Alert-Key": key } : {}),
    };
    try {
      // The portal is served by whoever takes requests in, whatever the outside calls it.
      const answer = await fetch(new URL(endpoint.url).pathname, {
        method: "POST",
        credentials: "omit",
        headers,
        body: JSON.stringify(body),
      });
      if (answer.ok) {
        const taken: AcceptedDocument = await answer.json();
        answered.current += 1;
        return taken;
      }
      throw await problemOf(answer);
    } catch (error) {
      throw error instanceof TypeError || error instanceof SyntaxError ? new Unreachable() : error;
    }
  };
}
