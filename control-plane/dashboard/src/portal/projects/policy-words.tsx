import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Policy } from "../../api/schema";
import { triesThatFit } from "./policy";
import { span } from "./span";

/** A policy as people would say it. */
export function PolicyWords({ policy, size = "sm" }: { policy: Policy; size?: "sm" | "md" }) {
  const { t, i18n } = useTranslation();
  const of = (seconds: number) => span(seconds, i18n.language);
  const lifetime = of(policy.lifetime_minutes * 60);
  const fit = triesThatFit(policy);
  const ring = of(policy.ring_seconds);
  const said = [
    policy.redials === 0
      ? t("projects.policy.once", { ring })
      : t("projects.policy.words", { ring, pause: of(policy.redial_pause_seconds), count: policy.redials + 1 }),
    t(`projects.policy.until_${policy.delivered_when}`, { lifetime }),
    policy.cooldown_seconds === 0
      ? t("projects.policy.noCooldown")
      : t("projects.policy.cooldown", { cooldown: of(policy.cooldown_seconds) }),
    fit === null ? null : t("projects.policy.tight", { count: fit, lifetime }),
  ];
  return <Text size={size}>{said.filter(Boolean).join(" ")}</Text>;
}
