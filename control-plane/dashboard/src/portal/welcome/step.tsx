import { Badge, Box, Collapse, Text, ThemeIcon, Title, UnstyledButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./welcome.module.css";

/** One step of the way: open while it is the next, and whenever somebody wants to look at it. */
export function Step({
  number,
  title,
  hint,
  done,
  current,
  children,
}: {
  number: number;
  title: string;
  hint: string;
  /** What came of it, once it is done. */
  done: string | null;
  current: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const [wish, setWish] = useState<boolean | null>(null);
  const isOpen = wish ?? current;
  const content = `step-${number}`;
  return (
    <Box component="li" className={styles["step"] ?? ""} {...(current ? { "aria-current": "step" as const } : {})}>
      <ThemeIcon
        className={styles["number"] ?? ""}
        size={36}
        radius="xl"
        color={done || current ? "teal.7" : "gray"}
        variant={done || current ? "filled" : "outline"}
      >
        {done ? <IconCheck size={20} aria-hidden /> : <span aria-hidden>{number}</span>}
      </ThemeIcon>
      <UnstyledButton
        className={styles["head"] ?? ""}
        aria-expanded={isOpen}
        aria-controls={content}
        onClick={() => setWish(!isOpen)}
      >
        <Title order={2} size="h4">
          {title}
        </Title>
        {done && (
          <Badge color="teal.7" tt="none" radius="sm">
            {t("welcome.done")}
          </Badge>
        )}
      </UnstyledButton>
      {done && (
        <Text size="sm" c="dimmed" className="inert">
          {done}
        </Text>
      )}
      <Collapse expanded={isOpen} id={content}>
        {isOpen && (
          <Box pt="xs">
            {!done && (
              <Text size="sm" c="dimmed" mb="sm">
                {hint}
              </Text>
            )}
            {children}
          </Box>
        )}
      </Collapse>
    </Box>
  );
}
