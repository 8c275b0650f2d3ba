import { AppShell, Burger, Group, UnstyledButton } from "@mantine/core";
import { useDisclosure, useMediaQuery, useWindowEvent } from "@mantine/hooks";
import { useRouterState } from "@tanstack/react-router";
import { type MouseEvent, type ReactNode, useEffect, useRef } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";

const MENU = "menu";

/** What opens the menu where there is no room for it, and says whether it is open. */
export interface MenuControl {
  onClick: (event: MouseEvent<HTMLElement>) => void;
  "aria-expanded": boolean;
  "aria-controls": string;
}

/** Around every page of both panels: a header, a menu beside it (below `md` on demand) and, where given, a bar below. */
export function Frame({
  brand,
  aside,
  menu,
  bar,
  children,
}: {
  brand: ReactNode;
  aside: ReactNode;
  menu: ReactNode;
  bar?: ((control: MenuControl) => ReactNode) | undefined;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure();
  const isNarrow = !useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const navbar = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(close, [path]);
  // Whoever goes by keys goes into the menu with it, and back to where it was opened.
  useEffect(() => {
    if (opened) {
      navbar.current?.querySelector("a")?.focus();
    } else {
      opener.current?.focus({ preventScroll: true });
      opener.current = null;
    }
  }, [opened]);
  useWindowEvent("keydown", ({ key }) => {
    if (key === "Escape") {
      close();
    }
  });
  const skip = () => {
    // What the menu covers can take the focus once it is shut.
    opener.current = null;
    flushSync(close);
  };
  const control: MenuControl = {
    onClick: ({ currentTarget }) => {
      opener.current = currentTarget;
      toggle();
    },
    "aria-expanded": opened,
    "aria-controls": MENU,
  };
  return (
    <>
      <UnstyledButton component="a" href="#content" onClick={skip} className="skip" p="xs" bg="teal.7" c="white">
        {t("common.skip")}
      </UnstyledButton>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 220, breakpoint: "md", collapsed: { mobile: !opened } }}
        footer={{ height: { base: bar ? 60 : 0, md: 0 } }}
        padding="md"
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap" miw={0}>
              <Burger {...control} opened={opened} hiddenFrom="md" size="sm" aria-label={t("common.menu")} />
              {brand}
            </Group>
            <Group gap="sm" wrap="nowrap">
              {aside}
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar
          ref={navbar}
          id={MENU}
          p="sm"
          aria-label={t("common.menu")}
          inert={isNarrow && !opened}
          onClick={({ target }) => target instanceof Element && target.closest("a") && close()}
        >
          {menu}
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1} inert={isNarrow && opened}>
          {children}
        </AppShell.Main>
        {bar && <AppShell.Footer hiddenFrom="md">{bar(control)}</AppShell.Footer>}
      </AppShell>
    </>
  );
}
