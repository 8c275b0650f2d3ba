import { Badge, Group, Text, UnstyledButton } from "@mantine/core";
import { Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Frame } from "../../ui/frame";
import icon from "../../ui/icon.svg";
import { LineMark } from "../../ui/line-mark";
import { linkTo } from "../link";
import { AccountMenu } from "./account-menu";
import { Navigation } from "./navigation";
import { usePolls } from "./polls";
import "./shell.css";

/** Around every page of an operator. */
export function Shell() {
  const { t } = useTranslation();
  const line = usePolls();
  return (
    <Frame
      brand={
        <UnstyledButton component={Link} {...linkTo({ to: "/" })}>
          <Group gap="xs" wrap="nowrap">
            <img src={icon} width={28} height={28} alt="" />
            <Text fw={700} span>
              {t("common.product")}
            </Text>
            <Badge variant="outline" color="gray" radius="sm" tt="none" c="inherit">
              {t("admin.shell.badge")}
            </Badge>
          </Group>
        </UnstyledButton>
      }
      aside={
        <>
          {line && <LineMark line={line} />}
          <AccountMenu />
        </>
      }
      menu={<Navigation />}
    >
      <Outlet />
    </Frame>
  );
}
