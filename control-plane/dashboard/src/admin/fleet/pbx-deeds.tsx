import { Button, Group, List, SimpleGrid, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { PbxView } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Section } from "../../ui/section";
import { Time } from "../../ui/time";
import { useAct } from "../deed";
import { linkTo } from "../link";
import { Fact } from "./facts";

/** Takes a PBX out of the choice, or back into it. */
export function DrainButton({ pbx }: { pbx: PbxView }) {
  const { t } = useTranslation();
  const act = useAct();
  const [asks, setAsks] = useState(false);
  const isDrained = Boolean(pbx.drained_at);
  const name = pbx.name;
  return (
    <>
      <Button variant="default" onClick={() => setAsks(true)}>
        {isDrained ? t("admin.fleet.undrain.go") : t("admin.fleet.drain.go")}
      </Button>
      {asks && (
        <Confirm
          title={isDrained ? t("admin.fleet.undrain.title", { name }) : t("admin.fleet.drain.title", { name })}
          action={isDrained ? t("admin.fleet.undrain.go") : t("admin.fleet.drain.go")}
          harmless
          does={() =>
            act(
              api.POST("/api/admin/v1/pbxs/{id}/drain", {
                params: { path: { id: pbx.id } },
                body: { drained: !isDrained },
              }),
            )
          }
          close={() => setAsks(false)}
        >
          <Text size="sm">
            {isDrained
              ? t("admin.fleet.undrain.text")
              : t("admin.fleet.drain.text", { calls: t("admin.fleet.underWay", { count: pbx.active }) })}
          </Text>
        </Confirm>
      )}
    </>
  );
}

/** What lets the host's agent in. */
export function Keys({ pbx }: { pbx: PbxView }) {
  const { t } = useTranslation();
  const act = useAct();
  const [asks, setAsks] = useState(false);
  const { name } = pbx;
  const state = pbx.revoked
    ? t("admin.fleet.keys.revoked")
    : pbx.enrolled_at
      ? t("admin.fleet.keys.good")
      : t("admin.fleet.keys.none");
  return (
    <Section title={t("admin.fleet.keys.title")} hint={t("admin.fleet.keys.hint")}>
      <SimpleGrid component="dl" m={0} cols={{ base: 1, xs: 2, lg: 4 }} spacing="md">
        <Fact name={t("admin.fleet.keys.state")}>{state}</Fact>
        <Fact name={t("admin.fleet.keys.enrolled")}>
          {pbx.enrolled_at ? <Time at={pbx.enrolled_at} /> : t("common.never")}
        </Fact>
      </SimpleGrid>
      <Group gap="sm">
        <Button component={Link} {...linkTo({ to: "/enrol", search: { pbx: pbx.id } })} variant="default">
          {t("admin.fleet.keys.enrol")}
        </Button>
        {pbx.enrolled_at && !pbx.revoked && (
          <Button variant="default" className="danger" onClick={() => setAsks(true)}>
            {t("admin.fleet.revoke.go")}
          </Button>
        )}
      </Group>
      {asks && (
        <Confirm
          title={t("admin.fleet.revoke.title", { name })}
          action={t("admin.fleet.revoke.go")}
          type={{ label: t("admin.fleet.revoke.type", { name }), word: name }}
          does={() => act(api.POST("/api/admin/v1/pbxs/{id}/revoke", { params: { path: { id: pbx.id } } }))}
          close={() => setAsks(false)}
        >
          <Text size="sm">{t("admin.fleet.revoke.text")}</Text>
          <List size="sm">
            <List.Item>{t("admin.fleet.revoke.closes", { count: pbx.active })}</List.Item>
            <List.Item>{t("admin.fleet.revoke.others")}</List.Item>
            <List.Item>{t("admin.fleet.revoke.back")}</List.Item>
          </List>
        </Confirm>
      )}
    </Section>
  );
}
