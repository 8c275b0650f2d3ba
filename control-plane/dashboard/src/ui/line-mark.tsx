import { Badge, Tooltip } from "@mantine/core";
import { IconClock, IconPlugConnectedX, IconRefresh, IconWifiOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type Line, WITHOUT_LINE } from "../api/stream";
import { duration } from "./time";

const ICONS = { connecting: IconRefresh, crowded: IconClock, offline: IconWifiOff, over: IconPlugConnectedX };

/** Whether what is shown is what is so. Nothing is said while all is well but a small word. */
export function LineMark({ line }: { line: Line }) {
  const { t, i18n } = useTranslation();
  if (line === "live") {
    return (
      <Badge variant="outline" color="teal" size="sm" tt="none" visibleFrom="sm">
        {t("common.line.live")}
      </Badge>
    );
  }
  const Icon = ICONS[line];
  const every = duration(WITHOUT_LINE, i18n.language);
  return (
    <Tooltip label={t(`common.line.${line}Hint`, { every })} multiline maw={280}>
      <Badge color="orange.9" tt="none" role="status" leftSection={<Icon size={14} aria-hidden />}>
        {t(`common.line.${line}`, { every })}
      </Badge>
    </Tooltip>
  );
}
