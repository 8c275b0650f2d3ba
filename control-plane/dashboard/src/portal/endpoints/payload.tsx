import { Code, ScrollArea, SegmentedControl, Stack, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { exact } from "../../api/exact";
import type { RequestDetail } from "../../api/schema";
import { Json } from "../../ui/json";
import { Table } from "../../ui/rare/table";
import { Section } from "../../ui/section";
import { visible } from "../../ui/visible";

/** What a body says where it is more than text; undefined where it is not. */
function readable(request: RequestDetail): { json: unknown } | { pairs: [string, string][] } | undefined {
  if (request.body_kind === "json" && !request.body_truncated) {
    try {
      return { json: exact(request.body) };
    } catch {
      return undefined;
    }
  }
  return request.body_kind === "form" ? { pairs: [...new URLSearchParams(request.body)] } : undefined;
}

/** The body and the query of a request. Nothing in it does anything here. */
export function Payload({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  const pretty = useMemo(() => readable(request), [request]);
  const [isRaw, setRaw] = useState(false);
  const query = useMemo(() => [...new URLSearchParams(request.query)], [request.query]);
  return (
    <Section
      title={t("endpoints.request.payload")}
      aside={
        pretty && (
          <SegmentedControl
            size="xs"
            value={isRaw ? "raw" : "pretty"}
            onChange={(how) => setRaw(how === "raw")}
            data={[
              { value: "pretty", label: t("endpoints.request.pretty") },
              { value: "raw", label: t("endpoints.request.raw") },
            ]}
          />
        )
      }
    >
      {request.body_truncated && <Text size="sm">{t("endpoints.request.truncated")}</Text>}
      {request.body_kind === "binary" && <Text size="sm">{t("endpoints.request.binary")}</Text>}
      {request.body_kind === "empty" ? (
        <Text size="sm" c="dimmed">
          {t("endpoints.request.empty")}
        </Text>
      ) : pretty && !isRaw ? (
        "json" in pretty ? (
          <Json value={pretty.json} label={t("endpoints.request.payload")} />
        ) : (
          <Pairs pairs={pretty.pairs} />
        )
      ) : (
        <ScrollArea.Autosize mah={600} type="auto">
          <Code block className="inert" tabIndex={0} aria-label={t("endpoints.request.payload")}>
            {visible(request.body)}
          </Code>
        </ScrollArea.Autosize>
      )}
      {query.length > 0 && (
        <Stack gap={4}>
          <Text size="sm" fw={600}>
            {t("endpoints.request.query")}
          </Text>
          <Pairs pairs={query} />
        </Stack>
      )}
    </Section>
  );
}

function Pairs({ pairs }: { pairs: [string, string][] }) {
  return (
    <Table layout="fixed" verticalSpacing={4}>
      <Table.Tbody>
        {pairs.map(([name, value], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what was received does not change
          <Table.Tr key={index}>
            <Table.Th w="35%" className="inert">
              {visible(name)}
            </Table.Th>
            <Table.Td className="inert">{visible(value)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
